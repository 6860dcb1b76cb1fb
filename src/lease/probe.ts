/**
 * The shell probe of a lease: starts the account's login shell as sshd does for a guest, with a program of ours in
 * place of the gate, to see whether the shell reaches it. Everything that it starts carries the lease's id in its
 * environment, so all of it can be found and ended, even after a crash.
 *
 *     probe/launch         becomes the login shell
 *     probe/reach          stands where the gate does
 *     probe/NAME.reached   made once that is reached, with the word that only the command told it
 *     probe/NAME.env       the environment that it was reached in, each entry ended by a NUL
 *     probe/NAME.at        the process that was started, and its terminal
 *     probe/tmux           the socket of the server that gives terminals
 */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inLease } from '../domain/lease-folder.ts';
import { randomBytes } from '../domain/random.ts';
import { shQuote } from '../domain/sh-word.ts';
import { namesIn } from '../system/names-in.ts';
import { signalProcess } from '../system/signal.ts';
import { hasProc } from './process.ts';
import { ps } from './ps.ts';
import { writeBelow } from './run-directory.ts';

export interface Probe {
  readonly folder: string;
  readonly socket: string;
  /** The command that becomes the shell, without its arguments: a name, then the environment of that run. */
  readonly launch: readonly string[];
  readonly word: string;
  /** What must be in the environment of the processes that start it. */
  readonly mark: Readonly<Record<string, string>>;
}

export interface ProbeContext {
  /** The login shell as sshd names it: a name to be found on its PATH, or a path. */
  readonly shell: string;
  /** Where sshd starts it. */
  readonly cwd: string;
  /** `NAME=value`, for every run. */
  readonly environment: readonly string[];
}

/** How far one run has come. */
export interface ProbeRun {
  readonly reached: boolean;
  /** Absent until it has begun. */
  readonly at?: { readonly pid: number; readonly terminal: string };
}

const marker = 'TMUXPAIR_PROBE';

/**
 * Writes the probe of a lease. The last one, if any, must have been ended.
 * @param folder the lease's; its path is a safe token
 * @throws Refusal `run-directory-refused`
 */
export function createProbe(folder: string, context: ProbeContext): Probe {
  const root = inLease(folder, 'probe');
  const word = randomBytes(12).toString('hex');
  const launch = join(root, 'launch');
  writeBelow(folder, () => {
    mkdirSync(root, { mode: 0o700 });
    writeFileSync(launch, launchScript(root, word, context), { mode: 0o600 });
    writeFileSync(join(root, 'reach'), reachScript(root), { mode: 0o600 });
  });
  return {
    folder: root,
    socket: join(root, 'tmux'),
    launch: ['/bin/sh', launch],
    word,
    mark: { [marker]: basename(folder) },
  };
}

/** How far a run has come. */
export function probeRun({ folder, word }: Probe, name: string): ProbeRun {
  const reached = read(join(folder, `${name}.reached`)) === `${word}\n`;
  const [, pid, terminal = ''] = /^(\d+) (.*)\n$/.exec(read(join(folder, `${name}.at`))) ?? [];
  return { reached, ...(pid === undefined ? {} : { at: { pid: Number(pid), terminal } }) };
}

/** The environment in which a run reached its end, as `NAME=value`; empty if the system does not say. */
export function reachedIn({ folder }: Probe, name: string): string[] {
  return entriesIn(read(join(folder, `${name}.env`)));
}

/** Has the gate of a lease note the environment that it is reached in. @returns a function that reads what was noted */
export function noteEnvironment(folder: string): () => string[] {
  const path = inLease(folder, 'environment');
  writeBelow(folder, () => writeFileSync(path, '', { mode: 0o600 }));
  return () => entriesIn(read(path));
}

function entriesIn(text: string): string[] {
  return text.split('\0').filter((entry) => /^[^=]+=/.test(entry) && !entry.startsWith(`${marker}=`));
}

/** Ends everything that a lease's probe has started and that can be found, and removes the probe. */
export async function endProbe(folder: string): Promise<void> {
  const root = inLease(folder, 'probe');
  if (!existsSync(root)) return;
  const entry = `${marker}=${basename(folder)}`;
  for (let round = 0; round < 100; round++) {
    const left = marked(entry);
    for (const pid of left) signalProcess(pid, 'SIGKILL');
    if (left.length === 0) break;
    await sleep(10);
  }
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * Becomes the login shell, in an environment as sshd makes it. Its command is like a guest's, except for the last
 * words: only this very process, in this very terminal, may count as having reached the gate.
 */
export function launchScript(root: string, word: string, { shell, cwd, environment }: ProbeContext): string {
  const mark = `${marker}=${basename(dirname(root))}`;
  return `#!/bin/sh
# launch NAME [VARIABLE=value…]
PATH=/usr/bin:/bin:/usr/local/bin
name=$1
shift
cd ${shQuote(cwd)} 2>/dev/null || cd /
if terminal=$(tty); then set -- "SSH_TTY=$terminal" "$@"; else terminal=; fi
echo "$$ $terminal" >${root}/"$name".at
set -- ${[...environment, mark].map(shQuote).join(' ')} "$@"
[ ! -f /etc/ssh/sshrc ] || env -i "$@" /bin/sh /etc/ssh/sshrc </dev/null
exec env -i "$@" ${shQuote(shell)} -c "exec /bin/sh ${root}/reach $name $$ ${word} $terminal"
`;
}

export function reachScript(root: string): string {
  return `#!/bin/sh
# reach NAME PID WORD [TERMINAL]
PATH=/usr/bin:/bin:/usr/local/bin
[ "$$" = "$2" ] || exit 1
if [ -n "\${4-}" ]; then
  [ -t 1 ] && [ "$(tty)" = "$4" ] || exit 1
fi
{ cat /proc/$$/environ >${root}/"$1".env; } 2>/dev/null
echo "$3" >${root}/"$1".reached
`;
}

/** Every process whose initial environment has `entry`, as far as it can be seen. */
function marked(entry: string): number[] {
  if (!hasProc) return markedByPs(entry);
  return namesIn('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    return `\0${read(`/proc/${name}/environ`)}`.includes(`\0${entry}\0`) ? [Number(name)] : [];
  });
}

function markedByPs(entry: string): number[] {
  try {
    const lines = ps(['-A', '-E', '-o', 'pid=', '-o', 'command=']).split('\n');
    return lines.flatMap((line) => (`${line} `.includes(` ${entry} `) ? [Number.parseInt(line, 10)] : []));
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
