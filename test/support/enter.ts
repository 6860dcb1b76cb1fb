import type { Identity } from './execute.ts';

export interface Namespaces {
  /** Whom to become there, the current user where absent. */
  readonly uid?: number;
  readonly gid?: number;
  /** A process whose mount namespace it is. */
  readonly holder?: number | undefined;
  /** The name of a network namespace. */
  readonly network?: string | undefined;
}

/** What stands before a command line that is to run in these namespaces; undefined where there are none. */
export function entering({ uid, gid, holder, network }: Namespaces): Identity['enter'] {
  if (holder === undefined && network === undefined) return undefined;
  return (cwd) => [
    'nsenter',
    ...(holder === undefined ? [] : ['-t', String(holder), '-m']),
    ...(network === undefined ? [] : [`--net=/run/netns/${network}`]),
    '--',
    ...(uid === undefined ? [] : ['setpriv', '--reuid', String(uid)]),
    ...(uid === undefined ? [] : ['--regid', String(gid), '--clear-groups', '--']),
    ...['sh', '-c', 'cd "$0" && exec "$@"', cwd],
  ];
}
