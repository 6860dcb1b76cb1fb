/**
 * Whether the program that sshd starts for a guest, the account's login shell, reaches the gate. Tried before anybody
 * is let in, as sshd would do it, with and without a terminal, with and without a command of the guest's.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ShellBlock } from '../domain/shell-block.ts';
import { createProbe, endProbe, type Probe, probeRun, reachedIn } from '../lease/probe.ts';
import { startOf } from '../lease/process.ts';
import { runInTerminals } from '../room/aside.ts';
import { textOf } from '../shell/diversions.ts';
import { isTheirs, theirNames } from '../shell/guest-variables.ts';
import type { LoginEnvironment } from '../shell/login-environment.ts';
import { steers } from '../shell/pam-env.ts';
import { loginShell } from '../shell/shell.ts';
import { dialectOf } from '../shell/shell-lines.ts';
import { nameOfShell, startUpFiles, startUpOf } from '../shell/start-up.ts';
import { thisAccount } from '../system/account.ts';
import { rawTerminals } from './raw-terminals.ts';

export interface ShellQuery {
  /** The lease's folder, which holds no other probe. */
  readonly folder: string;
  /** Absolute path of tmux. */
  readonly tmux: string;
  /** The environment in which sshd starts the shell. */
  readonly environment: LoginEnvironment;
  /** In ms, from the start of the shell. */
  readonly limit: number;
  /** Called once, if it takes long. */
  readonly onSlow: (shell: string) => void;
}

/**
 * In ms: when to report that it takes long, how often to look from then on who has the terminal, and the limit for all
 * of it.
 */
const timeoutsMs = { told: 1000, look: 400, most: 15_000 };

interface Run {
  readonly name: string;
  readonly terminal: boolean;
  /** Whether a shell that gives up over it is as good: that keeps out only the guest who has set it. */
  readonly mayEnd?: boolean;
  /** `NAME=value`: what differs from one guest to the next. */
  readonly environment: readonly string[];
}

/** As guests come: from here and elsewhere, with other terminals and languages, with and without a command. */
const runs: readonly Run[] = [
  { name: 'plain', terminal: true, environment: ['TERM=xterm-256color', 'LANG=en_US.UTF-8'] },
  {
    name: 'other',
    terminal: true,
    environment: [
      'TERM=tmux-256color',
      'LANG=C.UTF-8',
      'LC_ALL=C.UTF-8',
      'LC_TERMINAL=iTerm2',
      'LC_TERMINAL_VERSION=3.5.10',
      'COLORTERM=truecolor',
      // Addresses that are set aside for documentation.
      'SSH_CLIENT=2001:db8::1 50023 22',
      'SSH_CONNECTION=2001:db8::1 50023 2001:db8::2 22',
    ],
  },
  { name: 'command', terminal: true, environment: ['TERM=dumb', 'SSH_ORIGINAL_COMMAND=true'] },
  { name: 'pipe', terminal: false, environment: ['LC_ALL=C'] },
  { name: 'pipe-command', terminal: false, environment: ['SSH_ORIGINAL_COMMAND=true'] },
];

/**
 * As hostile guests come: everything that they may set has values that run as code if a start-up file tests them
 * without quotes, after an operator, before one, or as part of a word; or takes them for numbers or names. They leave a
 * mark, and do nothing else.
 */
function hostileRuns(shell: string, mark: string, names: readonly string[]): Run[] {
  // An array that zsh has: it evaluates subscripts of such arrays only.
  const element = `psvar[$(:>${mark})]`;
  const touch = `{ touch ${mark} }`;
  const values = {
    sh: [`${element} -o -v ${element} -o x`, element],
    csh: [`1 == x && ${touch} || ${touch} || 1`, `1 && ${touch} || ${touch} || 1 ; touch ${mark} ; 1`],
    fish: [],
  }[dialectOf(basename(shell))];
  return values.map((value, at) => ({
    name: `hostile-${at}`,
    terminal: true,
    mayEnd: true,
    environment: names.map((name) => `${name}=${value}`),
  }));
}

/**
 * What a guest's ssh may set, as far as it is known here or read in start-up files. Variables that shells obey are left
 * out: they are reported separately.
 */
function namesToTry(shell: string, environment: LoginEnvironment): string[] {
  const texts = startUpFiles(shell, environment.entries).paths.map((path) => textOf(path));
  const read = texts.flatMap((text) => (typeof text === 'object' ? text.text : []));
  return theirNames(environment, read).filter((name) => !steers(name));
}

/**
 * What sshd would take from a run: its own variables, the terminal's type, and what guests may add; the rest is set.
 */
function variablesOf({ environment }: Run, sources: LoginEnvironment): string[] {
  return environment.filter((entry) => {
    const name = nameOf(entry);
    return name.startsWith('SSH_') || isTheirs(name, sources);
  });
}

function nameOf(entry: string): string {
  return entry.slice(0, entry.indexOf('='));
}

/**
 * What keeps a guest from the gate; if nothing does, the environment in which it was reached, as `NAME=value`, empty if
 * the system does not say. In that case what it has started may still be about to end: see `endProbe`. Otherwise it has
 * been ended.
 * @throws Refusal `program-failed` if no terminal could be had, `run-directory-refused`
 */
export async function probeShell(query: ShellQuery): Promise<ShellBlock | readonly string[]> {
  const { folder, environment, onSlow } = query;
  const account = thisAccount();
  const { path: shell, trouble } = loginShell();
  const block = (outcome: ShellBlock['outcome']): ShellBlock => blockOf(shell, environment, outcome);
  if (trouble) return { ...block(trouble), files: [] };
  const { entries } = environment;
  const probe = createProbe(folder, {
    shell: nameOfShell(shell, entries),
    cwd: account.home,
    environment: entries,
  });
  try {
    const outcome = await outcomeOf(probe, query, () => onSlow(shell));
    if (outcome === 'reached') return reachedIn(probe, 'plain');
    await endProbe(folder);
    return outcome === 'taken away' ? [] : block(outcome);
  } catch (error) {
    await endProbe(folder);
    throw error;
  }
}

/** @param environment in which the shell was started */
export function blockOf(
  shell: string,
  { entries }: Pick<LoginEnvironment, 'entries'>,
  outcome: ShellBlock['outcome'],
): ShellBlock {
  const { own, shared, guard } = startUpOf(shell, entries);
  const there = [own, shared].map((files) => files.filter((file) => existsSync(file)));
  const files = there.find((some) => some.length > 0) ?? [];
  return { shell, outcome, files, ...(guard === undefined ? {} : { guard }) };
}

type Outcome =
  | 'reached'
  | 'taken away'
  | Extract<ShellBlock['outcome'], 'ended' | 'terminal' | 'late' | 'obeys'>;

async function outcomeOf(
  probe: Probe,
  { tmux, limit, environment }: ShellQuery,
  onSlow: () => void,
): Promise<Outcome> {
  const since = performance.now();
  const mark = join(probe.folder, 'obeyed');
  const shell = loginShell().path;
  const all = [...runs, ...hostileRuns(shell, mark, namesToTry(shell, environment))];
  const command = (run: Run): string[] => [...probe.launch, run.name, ...variablesOf(run, environment)];
  const env = { ...probe.mark, PATH: '/usr/bin:/bin' };
  for (const run of all) if (!run.terminal) startOnPipes(command(run), env);
  const inTerminals = all.filter(({ terminal }) => terminal).map(command);
  await runInTerminals({ tmux, socket: probe.socket }, inTerminals, env);
  /** Terminals that were raw at the last look, and when that was. */
  let raw: readonly string[] = [];
  let looked: number | undefined;
  const begun = new Map<string, number>();
  for (;;) {
    // Checks whether it runs, then whether it was reached: the program that is reached ends at once.
    const ended = all.filter(({ name }) => hasEnded(probe, name));
    const unreached = all.filter(({ name }) => !probeRun(probe, name).reached);
    const waiting = unreached.filter((run) => !run.mayEnd || !ended.includes(run));
    if (!existsSync(probe.folder)) return 'taken away';
    if (existsSync(mark)) return 'obeys';
    if (waiting.length === 0) return 'reached';
    if (waiting.some((run) => ended.includes(run))) return 'ended';
    const passed = performance.now() - since;
    for (const { name } of waiting) if (!begun.has(name) && probeRun(probe, name).at) begun.set(name, passed);
    const isLate = ({ name }: Run): boolean => passed - (begun.get(name) ?? passed) > limit;
    if (passed > timeoutsMs.most || waiting.some(isLate)) return 'late';
    if (passed > timeoutsMs.told && passed - (looked ?? 0) > timeoutsMs.look) {
      if (looked === undefined) onSlow();
      looked = passed;
      const now = await rawTerminals(waiting.map(({ name }) => probeRun(probe, name).at?.terminal ?? ''));
      if (now.some((terminal) => raw.includes(terminal))) return 'terminal';
      raw = now;
    }
    await sleep(passed < 100 ? 4 : 20);
  }
}

/** Starts the shell as sshd does if no terminal is asked for. Its input is that of a guest who says nothing. */
function startOnPipes([file = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): void {
  const child = spawn(file, args, { detached: true, cwd: '/', env, stdio: ['pipe', 'pipe', 'pipe'] });
  child.on('error', () => {}); // Then it does not reach the gate.
  child.stdin.on('error', () => {});
  child.stdout.resume();
  child.stderr.resume();
}

/** Whether a run has begun and is over. */
function hasEnded(probe: Probe, name: string): boolean {
  const { at } = probeRun(probe, name);
  return at !== undefined && startOf(at.pid) === undefined;
}
