// node scripts/shell-scripts.mjs: has shellcheck read every sh script that the program writes, as on Linux and as on
// macOS, and those of this project. Part of `npm run check`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Not for us: commands that traps and other functions reach, and `A && B || C` where B can't fail or C may run. */
const left = ['SC2317', 'SC2329', 'SC2015', 'SC1007'];

const generator = `
import { clockScript, severScript, switchScript } from './src/lease/ending-scripts.ts';
import { admitScript, gateScript } from './src/lease/scripts.ts';
import { launchScript, reachScript } from './src/lease/probe.ts';
import { menuScript } from './src/room/menu-script.ts';
import { enterCommands } from './src/room/room.ts';

const folder = '/run/user/1000/tmuxpair/6icjta3edb2b';
const supervisor = { pid: 42, start: '4711', boot: 'boot' };
const room = { tmux: '/usr/bin/tmux', socket: '/run/tmux', session: 'pair', target: '=pair' };
const gate = { id: '6icjta3edb2b', folder, uid: 1000, home: '/home/ada', supervisor, caps: { guest: 8, pairing: 64 } };
const menu = { title: 'A menu', lines: ['a line'], items: [{ text: 'yes', key: 'y', value: 'yes' }, { text: 'no', value: 'no' }] };
export const scripts = {
  gate: gateScript({ ...gate, enter: enterCommands(room, folder) }),
  admit: admitScript(gate),
  sever: severScript(folder),
  clock: clockScript(folder, supervisor, ['tmuxpair', 'sweep']),
  switch: switchScript(folder, ['tmuxpair', 'sweep']),
  launch: launchScript('/run/probe', 'word', { shell: '/bin/bash', cwd: '/home/ada', environment: ['HOME=/home/ada'] }),
  reach: reachScript('/run/probe'),
  menu: menuScript(menu, '/run/answer'),
};`;

const require = createRequire(import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'tmuxpair-shell-'));
let status = 1;
try {
  const files = [];
  for (const platform of ['linux', 'darwin']) {
    const outfile = join(folder, `${platform}.cjs`);
    await build({
      stdin: { contents: generator, resolveDir: '.', loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      define: { 'process.platform': `'${platform}'` },
      outfile,
    });
    for (const [name, text] of Object.entries(require(outfile).scripts)) {
      files.push(join(folder, `${platform}-${name}`));
      writeFileSync(files.at(-1), text);
    }
  }
  const parts = readdirSync('scripts/matrix.d').map((name) => `scripts/matrix.d/${name}`);
  const ours = ['.ci/run', '.ci/setup', 'scripts/matrix', ...parts];
  const check = (...args) => spawnSync('shellcheck', ['-e', left.join(), ...args], { stdio: 'inherit' });
  const results = [check('-s', 'sh', ...files), check(...ours)];
  if (results.some(({ error }) => error?.code === 'ENOENT'))
    console.error('shellcheck is missing: sh .ci/setup tests');
  status = results.every((result) => result.status === 0) ? 0 : 1;
  if (status === 0) console.log(`shellcheck: ${files.length + ours.length} scripts, nothing to say`);
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = status;
