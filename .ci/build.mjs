// node build.mjs: puts the program into dist/. CommonJS, since Node starts it faster than modules. lib/cli.js has all of
// our own code, which is compiled once (see src/code-cache.ts); each heavy library is a file of its own, read when it is
// first needed.
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { bundle } from './bundle.mjs';

/** What has files of its own: how our code imports it, what it is, the file's name. */
const heavy = [
  [/^@octokit\/rest$/, '@octokit/rest', 'octokit'],
  [/^execa$/, 'execa', 'execa'],
  [/^\.\/spinner\.ts$/, 'src/ui/spinner.ts', 'spinner'],
];

/** Has code that is in one file of the build reach another. */
const apart = {
  name: 'apart',
  setup: ({ onResolve }) => {
    for (const [filter, , name] of heavy) {
      onResolve({ filter }, ({ kind }) =>
        kind === 'entry-point' ? undefined : { path: `./${name}.js`, external: true },
      );
    }
  },
};

/** Has modules of Node's own loaded when they are first used, where our code imports them. */
const late = {
  name: 'late',
  setup: ({ onResolve, onLoad }) => {
    const require = createRequire(import.meta.url);
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'late' } : { path, external: true },
    );
    onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => {
      const getters = Object.keys(require(path)).map(
        (name) => `get ${name}(){return require("${path}").${name}}`,
      );
      return { contents: `module.exports={${getters}}`, loader: 'js' };
    });
  },
};

rmSync('dist', { recursive: true, force: true });
await bundle({
  entryPoints: {
    main: 'src/main.ts',
    keychain: 'src/keyring/keychain-main.ts',
    'lib/cli': 'src/cli.ts',
    ...Object.fromEntries(heavy.map(([, what, name]) => [`lib/${name}`, what])),
  },
  outdir: 'dist',
  external: ['keytar'],
  plugins: [apart, late],
  legalComments: 'linked',
});
writeFileSync('dist/package.json', '{"type":"commonjs"}\n');
