// node scripts/demo.mjs: a pairing from start to end on this machine alone. A stand-in on loopback plays GitHub, tmuxpair
// lets `@octocat` in through an sshd of its own, and a scripted guest comes, types, and is put out. On a terminal both
// sides are shown next to each other; elsewhere what they saw is printed. Nothing of the user's own is read or left
// behind. Exits 1, saying what was seen, where anything is not as it should be.
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const program = [process.execPath, fileURLToPath(new URL('../dist/main.js', import.meta.url))];
const { PATH = '', TERM = 'dumb', LANG = 'C.UTF-8' } = process.env;
const shown = process.stdout.isTTY && process.stdin.isTTY && TERM !== 'dumb';
const [columns, rows] = shown ? process.stdout.getWindowSize() : [170, 24];
/** How long, in ms, a step stays to be read, and how long anything may take. */
const [pause, patience] = [shown ? 900 : 0, 15_000];

const folder = mkdtempSync(join(tmpdir(), 'tpdemo-'));
const stage = join(folder, 'stage');
// Short, since sockets are to be in there.
const folders = {
  HOME: `${folder}/h`,
  XDG_RUNTIME_DIR: `${folder}/r`,
  XDG_STATE_HOME: `${folder}/s`,
  XDG_CONFIG_HOME: `${folder}/c`,
  XDG_CACHE_HOME: `${folder}/t`,
};
// Both sides are in a tmux, whatever this terminal is.
const env = { ...folders, PATH, TERM: 'screen', LANG, SHELL: '/bin/sh', USER: userInfo().username };
/** The socket of the host's room. */
const room = join(folders.XDG_RUNTIME_DIR, 'tmuxpair/rooms/pair/tmux');

const tmux = async (...args) =>
  (await run('tmux', ['-S', stage, '-f', '/dev/null', ...args], { env })).stdout;
const tmuxpair = async (...args) => (await run(program[0], [program[1], ...args], { env })).stdout;
const told = [];

/** One line of the story. */
async function tell(text) {
  told.push(text);
  if (shown) await tmux('set-option', '-g', 'status-left', ` ${text} `);
  else console.log(`\n# ${text}`);
  await sleep(pause);
}

/** Waits until a pane shows `what`; elsewhere than on a terminal prints what it shows then. */
async function see(pane, what) {
  const until = Date.now() + patience;
  for (;;) {
    // Up to tmux 3.2 a line has blanks to its end.
    const text = (await tmux('capture-pane', '-p', '-J', '-t', `demo:0.${pane}`)).replace(/\s+$/gm, '');
    if (what.test(text)) {
      if (!shown) print(pane, '|', text);
      await sleep(pause);
      return;
    }
    if (Date.now() > until)
      throw new Error(`${pane === 0 ? 'the host' : 'the guest'} should see ${what}, and sees:\n${text}`);
    await sleep(50);
  }
}

/** A side's screen, or what is typed there, without empty lines. */
function print(pane, mark, text) {
  for (const line of text.split('\n').filter((one) => one !== ''))
    console.log(`${pane === 0 ? 'you' : 'octocat'}`.padEnd(8) + mark, line);
}

async function type(pane, text) {
  if (!shown) print(pane, '>', text);
  await press(pane, text);
  await sleep(pause / 4);
  await press(pane, '\r');
}

/** As if pasted: while only a view-only client watches, tmux 3.7 and newer refuse `send-keys`. */
async function press(pane, keys) {
  await tmux('set-buffer', '-b', 'keys', '--', keys);
  await tmux('paste-buffer', '-dr', '-b', 'keys', '-t', `demo:0.${pane}`);
}

/** Plays GitHub. */
async function startForge(key) {
  const forge = createServer((request, response) => {
    const known = /^\/users\/octocat\/keys/.test(request.url);
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(known ? [{ id: 1, key }] : { message: 'Not Found' }));
  });
  await new Promise((listening) => forge.listen(0, '127.0.0.1', listening));
  return forge;
}

/** The guest's home: a key, and an ssh that knows of nothing else. */
async function makeGuest() {
  const guest = join(folder, 'guest');
  mkdirSync(join(guest, 'bin'), { recursive: true, mode: 0o700 });
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'octocat', '-f', join(guest, 'key')]);
  const settings = [
    ...[`IdentityFile ${guest}/key`, 'IdentitiesOnly yes', 'BatchMode yes', 'LogLevel ERROR'],
    ...[`UserKnownHostsFile ${guest}/known_hosts`, 'StrictHostKeyChecking accept-new'],
  ];
  writeFileSync(join(guest, 'config'), settings.map((line) => `${line}\n`).join(''));
  const ssh = (await run('sh', ['-c', 'command -v ssh'], { env })).stdout.trim();
  writeFileSync(join(guest, 'bin/ssh'), `#!/bin/sh\nexec ${ssh} -F ${guest}/config "$@"\n`, { mode: 0o755 });
  const [type_, base64] = readFileSync(join(guest, 'key.pub'), 'utf8').split(' ');
  return { path: `${guest}/bin:${PATH}`, key: `${type_} ${base64}` };
}

/** A window with the host on one side and the guest on the other. */
async function openStage(api, path) {
  const host = { GITHUB_API_URL: api, PS1: 'you$ ', PATH: `${folder}/bin:${PATH}` };
  const guest = { PS1: 'octocat$ ', PATH: path };
  const shell = (more) => [
    'env',
    '-u',
    'TMUX',
    '-u',
    'TMUX_PANE',
    ...Object.entries({ ...env, ...more }).map(([k, v]) => `${k}=${v}`),
    'sh',
  ];
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/tmuxpair'), `#!/bin/sh\nexec '${program.join("' '")}' "$@"\n`, {
    mode: 0o755,
  });
  await tmux('new-session', '-d', '-s', 'demo', '-x', `${columns}`, '-y', `${rows}`, ...shell(host));
  await tmux('split-window', columns < 120 ? '-v' : '-h', '-t', 'demo:0', ...shell(guest));
  for (const [name, value] of Object.entries({
    'status-left-length': '200',
    'status-right': '',
    'window-status-current-format': '',
    'status-style': 'bg=yellow,fg=black',
    'pane-border-status': 'top',
    'pane-border-format': '#{?#{==:#{pane_index},0}, you , octocat }',
  }))
    await tmux('set-option', '-g', name, value);
}

async function play(api, path) {
  await openStage(api, path);
  if (shown) watch();
  await tell('you invite a GitHub user; GitHub is a stand-in on this machine');
  await type(
    0,
    'tmuxpair @octocat --door private --bind 127.0.0.1 --host 127.0.0.1 --ttl 5m -- env PS1="$PS1" sh',
  );
  await see(0, /your guest types: ssh/);
  const { pairings } = JSON.parse(await tmuxpair('list', '--json'));
  const { sshCommand } = pairings[0];
  await tell('octocat pastes the line that you have sent them');
  await type(1, sshCommand);
  await see(1, /\[pair\]/);
  await tell('octocat types, and you see it');
  await type(1, 'echo hello from octocat');
  await see(0, /^hello from octocat$/m);
  await tell('you type, and octocat sees it');
  await type(0, 'echo welcome');
  await see(1, /^welcome$/m);
  await tell('you put octocat out: tmuxpair kick octocat');
  await tmuxpair('kick', 'octocat');
  await see(1, /^octocat\$ *$/m);
  await tell('octocat tries again, and is let in no more');
  await press(1, 'clear\r');
  await type(1, sshCommand);
  await see(1, /Permission denied/);
  await tell('you detach, and that is the end of it');
  // What the host's `C-b d` runs: tmux 3.7 pastes no control characters.
  await run('tmux', ['-S', room, 'detach-client', '-s', '=pair'], { env });
  await see(0, /access is revoked/);
  await type(1, sshCommand);
  await see(1, /Connection refused/);
  await tell('nobody gets in, and nothing of yours was touched');
}

/** Has the user watch, and not type: what they press goes nowhere. */
function watch() {
  const { TMUX: _, ...outer } = process.env;
  const args = ['-S', stage, 'attach-session', '-r', '-t', 'demo'];
  spawn('tmux', args, { env: outer, stdio: 'inherit' }).on('error', () => {});
}

async function clearUp() {
  for (const socket of [stage, room]) await run('tmux', ['-S', socket, 'kill-server']).catch(() => {});
  rmSync(folder, { recursive: true, force: true });
}

// Who reads the transcript may have had enough of it.
process.stdout.on('error', () => {});
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'])
  process.once(signal, () => clearUp().finally(() => process.exit(1)));
try {
  for (const name of Object.values(folders)) mkdirSync(name, { mode: 0o700, recursive: true });
  const { key, path } = await makeGuest();
  const forge = await startForge(key);
  await play(`http://127.0.0.1:${forge.address().port}`, path);
} catch (error) {
  process.exitCode = 1;
  console.error(error.message);
}
await clearUp();
if (shown) console.log(told.join('\n'));
process.exit();
