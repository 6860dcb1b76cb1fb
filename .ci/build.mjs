// node build.mjs: puts the program into dist/. CommonJS, since Node starts it faster than modules. All of it is in
// lib/cli.js, whose compiled code is kept (see src/code-cache.ts); what is imported late is run when it is first needed.
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { build } from 'esbuild';

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
await build({
  entryPoints: {
    main: 'src/main.ts',
    keychain: 'src/keyring/keychain-main.ts',
    'lib/cli': 'src/cli.ts',
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
  plugins: [late],
  legalComments: 'linked',
  logLevel: 'warning',
});
writeFileSync('dist/package.json', '{"type":"commonjs"}\n');
