import { execFileSync } from 'node:child_process';
import { constants, existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, copyFile, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import type { TestProject } from 'vitest/node';
import { allProcesses, killAll, readProcess } from './processes.ts';
import { isRoot, type TestRun } from './run.ts';
import { sweepAccounts } from './throw-away.ts';

const root = new URL('../..', import.meta.url).pathname;
const prefix = 'tptest-';

/**
 * Before the first test: removes what killed runs left, and puts the program where any account can read it,
 * since the checkout may be in a folder closed to others. After the last: ends and removes all of this run,
 * also what a test that ran out of time could not dispose of.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (process.platform !== 'linux') throw new Error('the end-to-end tests need Linux: they read /proc');
  await sweep();
  const folder = await mkdtemp(`${tmpdir()}/${prefix}${process.pid}-`);
  await chmod(folder, 0o755);
  const node = await reachableNode(folder);
  project.provide('testRun', { pid: process.pid, folder, node, program: await place(folder, node) });
  return () => remove(folder, process.pid);
}

async function place(folder: string, node: string): Promise<TestRun['program']> {
  const chosen = process.env.TMUXPAIR_BIN;
  if (chosen) {
    await copyFile(chosen, `${folder}/tmuxpair`, constants.COPYFILE_FICLONE);
    await chmod(`${folder}/tmuxpair`, 0o755);
    return { file: `${folder}/tmuxpair`, args: [] };
  }
  if (!existsSync(`${root}src/main.ts`)) return { missing: 'src/main.ts does not exist' };
  if (!existsSync(`${root}dist/main.js`)) {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
  }
  const target = `${folder}/program`;
  for (const path of ['package.json', 'dist', 'node_modules/keytar']) {
    if (existsSync(root + path)) await cp(root + path, `${target}/${path}`, { recursive: true });
  }
  execFileSync('chmod', ['-R', 'a+rX', target]);
  return { file: node, args: [`${target}/dist/main.js`] };
}

/** Node itself where everyone may run it; a copy where it is in a closed folder, such as root's own. */
async function reachableNode(folder: string): Promise<string> {
  if (!isRoot() || isOpen(process.execPath)) return process.execPath;
  await copyFile(process.execPath, `${folder}/node`, constants.COPYFILE_FICLONE);
  await chmod(`${folder}/node`, 0o755);
  return `${folder}/node`;
}

function isOpen(path: string): boolean {
  return (statSync(path).mode & 0o001) !== 0 && (path === '/' || isOpen(dirname(path)));
}

async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || readProcess(Number(pid))) continue;
    const folder = `${tmpdir()}/${name}`;
    if (statSync(folder).uid === process.getuid?.()) await remove(folder, Number(pid));
  }
  if (isRoot()) await sweepAccounts();
}

/** Everything of the harness has the run's folder in its command line: sshd its configuration, tmux its socket. */
async function remove(folder: string, pid: number): Promise<void> {
  if (isRoot()) await sweepAccounts(pid);
  const ours = () =>
    allProcesses().filter(({ pid: one, cmd }) => one !== process.pid && cmd.includes(folder));
  await killAll(ours, `the processes of ${folder}`);
  await rm(folder, { recursive: true, force: true });
}
