import { readFileSync } from 'node:fs';

/** Calls that change something a crash could leave half done: files, processes, and the end itself. */
const changing = [
  ...['mkdir', 'symlink', 'rename', 'unlink', 'rmdir', 'link', 'ftruncate'],
  ...['chmod', 'fchmod', 'chown', 'fchown', 'fsync', 'fdatasync'],
  ...['clone', 'clone3', 'vfork', 'fork', 'exit_group'],
] as const;

type Changing = (typeof changing)[number];

/** An instant in a program's life, found by counting its system calls of one name. */
export interface Point {
  readonly call: Changing | 'openat';
  /** 1-based, among the calls of this name. */
  readonly nth: number;
  /** What the call is for, with what differs from run to run taken out. */
  readonly name: string;
}

/** The arguments that make `strace` write the calls of one thread of a program to `log`. */
export function tracing(log: string): string[] {
  return ['-qq', '-s', '300', '-o', log, '-e', `trace=openat,${changing.join(',')}`];
}

/**
 * The arguments that make `strace` send a signal at a point. SIGKILL comes before the call, which is then not made;
 * any other after it.
 */
export function striking({ call, nth }: Point, signal: string, log: string): string[] {
  return [...tracing(log), '-e', `inject=${call}:signal=${signal}:when=${nth}`];
}

/** Every point of a run that {@link tracing} has told of: the changing calls, and the making of files. */
export function pointsIn(log: string): Point[] {
  const counts = new Map<string, number>();
  return readFileSync(log, 'latin1')
    .split('\n')
    .flatMap((line) => {
      const [, call, rest = ''] = /^(\w+)\((.*)$/.exec(line) ?? [];
      if (call === undefined) return [];
      const nth = (counts.get(call) ?? 0) + 1;
      counts.set(call, nth);
      if (call === 'openat' && !rest.includes('O_CREAT')) return [];
      return [{ call: call as Point['call'], nth, name: `${call} ${nameOf(rest)}`.trim() }];
    });
}

/** The name of the last call of one kind in a log. */
export function lastIn(log: string, call: Point['call']): string | undefined {
  const rest = readFileSync(log, 'latin1')
    .split('\n')
    .findLast((line) => line.startsWith(`${call}(`));
  return rest === undefined ? undefined : `${call} ${nameOf(rest)}`;
}

/** The names of the files in a call, the ids of leases and processes taken out. */
function nameOf(rest: string): string {
  const names = [...rest.matchAll(/"([^"]*)"/g)].map(([, path = '']) =>
    path
      .replace(/^.*\/(?=(rooms\/|\.?[a-z2-7]{12}))/, '')
      .replace(/^.*\/(?=authorized_keys|tmuxpair$)/, '')
      .replace(/\.([a-z2-7]{12})\.\d+\.\d+/, '.LEASE')
      .replace(/\b[a-z2-7]{12}\b/, 'LEASE')
      .replace(/^\d+\|.*/, 'OWNER'),
  );
  return names.join(' → ');
}
