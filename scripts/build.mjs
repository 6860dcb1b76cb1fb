// node build.mjs: puts the program into dist/. CommonJS, since Node starts it faster than modules. lib/cli.js has all of
// our own code, which is compiled once (see src/code-cache.ts); each heavy library is a file of its own, read when it is
// first needed.
import { rmSync, writeFileSync } from 'node:fs';
import { bundle } from './bundle.mjs';
import { writeLicences } from './licences.mjs';

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

/**
 * Has a module of Node's own loaded when something of it is first used, where our code imports it by names. The one that
 * is imported as a whole is loaded at once.
 */
const late = {
  name: 'late',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^node:/ }, ({ path, kind, importer }) => {
      const isOurs =
        kind === 'import-statement' && path !== 'node:module' && !importer.includes('node_modules');
      return { path: isOurs ? `late:${path}` : path, external: true };
    }),
};

/** What `require` gives for a module that is to be loaded late. */
const requireLate = `"use strict";{const now=require,found={};require=name=>name.startsWith("late:")?\
found[name]??=new Proxy({},{get:(_,key)=>now(name.slice(5))[key]}):now(name)}`;

rmSync('dist', { recursive: true, force: true });
const built = await bundle({
  entryPoints: {
    main: 'src/main.ts',
    keychain: 'src/keyring/keychain-main.ts',
    'lib/cli': 'src/cli/cli.ts',
    ...Object.fromEntries(heavy.map(([, what, name]) => [`lib/${name}`, what])),
  },
  outdir: 'dist',
  external: ['keytar'],
  plugins: [apart, late],
  banner: { js: requireLate },
  legalComments: 'none', // The whole texts are written instead.
});
writeLicences('dist/THIRD-PARTY-LICENSES', [built]);
writeFileSync('dist/package.json', '{"type":"commonjs"}\n');
