// node build-binary.mjs: puts the program into one executable for this platform, .binary/tmuxpair, which needs no Node:
// it has Bun's runtime in it, the program as bytecode, and the keychain's binding.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bundle } from './bundle.mjs';
import { writeLicences } from './licences.mjs';

const require = createRequire(import.meta.url);
const isMusl = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
const bun = findBun(
  `@oven/bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}${isMusl ? '-musl' : ''}/bin/bun`,
);
const keytar = dirname(require.resolve('keytar/package.json'));
const binding = join(
  keytar,
  `prebuilds/${process.platform}${isMusl ? 'musl' : ''}-${process.arch}/keytar.node`,
);

rmSync('.binary', { recursive: true, force: true });
mkdirSync('.binary');
const built = await bundle({
  entryPoints: ['src/standalone.ts'],
  outfile: '.binary/tmuxpair.js',
  alias: { keytar: binding },
  external: ['*.node'],
});
writeLicences('.binary/THIRD-PARTY-LICENSES', [built], [dirname(dirname(bun)), keytar]);
const args = [
  ...[
    'build',
    '--compile',
    '--bytecode',
    '--format=cjs',
    '.binary/tmuxpair.js',
    '--outfile',
    '.binary/tmuxpair',
  ],
  // Else what stands in the folder that it is started in would be environment and code of ours.
  ...['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'],
  // A pairing does little, over hours: to compile it for speed takes time and memory that never come back.
  '--compile-jit-policy=100',
];
const { status } = spawnSync(bun, args, { stdio: ['ignore', 'ignore', 'inherit'] });
rmSync('.binary/tmuxpair.js');
process.exitCode = status ?? 1;

/** An npm that knows no `allowScripts` runs bun's own at its installation, which moves the executable into bun's package. */
function findBun(own) {
  try {
    return require.resolve(own);
  } catch {
    return join(dirname(require.resolve('bun/package.json')), 'bin/bun.exe');
  }
}
