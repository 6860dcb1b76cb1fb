// node build.mjs: puts the program into dist/. CommonJS, since Node starts it faster than modules. lib/cli.js has all of
// our own code; each heavy library is a file of its own, read when it is first needed.
import { rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const heavy = { '@octokit/rest': 'octokit', execa: 'execa', ora: 'ora' };

/** Has code that is in one file of the build reach another. */
const apart = {
  name: 'apart',
  setup: ({ onResolve }) => {
    onResolve({ filter: new RegExp(`^(${Object.keys(heavy).join('|')})$`) }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path: `./${heavy[path]}.js`, external: true },
    );
  },
};

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: {
    main: 'src/main.ts',
    keychain: 'src/keyring/keychain-main.ts',
    'lib/cli': 'src/cli.ts',
    ...Object.fromEntries(Object.entries(heavy).map(([library, name]) => [`lib/${name}`, library])),
  },
  outdir: 'dist',
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // Node has `require` at hand; the machinery of modules takes it some milliseconds to start.
  supported: { 'dynamic-import': false },
  external: ['keytar'],
  plugins: [apart],
  legalComments: 'linked',
  logLevel: 'warning',
});
writeFileSync('dist/package.json', '{"type":"commonjs"}\n');
