/** Who is in a group, if this machine's own files tell all of it. */
import { readFileSync } from 'node:fs';

/** The files' texts; `undefined` if there is no such file. */
export interface AccountFiles {
  readonly passwd: string | undefined;
  readonly group: string | undefined;
  /** `/etc/nsswitch.conf`: where accounts come from. Without it they come from the files alone. */
  readonly nsswitch: string | undefined;
}

/** Whether anybody but this account and root is in the group, or could be: a directory service is not asked. */
export function hasOthers(gid: number): boolean {
  if (process.platform !== 'linux') return true; // macOS keeps accounts elsewhere, most of them in one group.
  const [passwd, group, nsswitch] = ['passwd', 'group', 'nsswitch.conf'].map((name) => read(`/etc/${name}`));
  return othersIn({ passwd, group, nsswitch }, gid, process.geteuid?.() ?? 0);
}

/** The same, from these files and for the account `uid`. */
export function othersIn({ passwd, group, nsswitch }: AccountFiles, gid: number, uid: number): boolean {
  if (passwd === undefined || group === undefined || asksElsewhere(nsswitch ?? '')) return true;
  const entriesIn = (text: string): string[][] => text.split('\n').map((line) => line.split(':'));
  const [accounts, groups] = [entriesIn(passwd), entriesIn(group)];
  // `+` in front adds the entries of a directory service (passwd(5), "compat").
  if ([...accounts, ...groups].some(([name = '']) => /^[+-]/.test(name))) return true;
  const known = accounts.filter(([name, , number]) => name && number);
  const trusted = known.filter(([, , number]) => Number(number) === uid || Number(number) === 0);
  const names = new Set(trusted.map(([name]) => name));
  const isPrimary = known.some(
    ([name, , , primary]) => primary && Number(primary) === gid && !names.has(name),
  );
  const entries = groups.filter(([name, , number]) => name && number && Number(number) === gid);
  const members = entries.flatMap(([, , , list = '']) => list.split(',')).filter((name) => name !== '');
  // If the files don't have a group, nobody knows who is in it.
  return isPrimary || entries.length === 0 || members.some((name) => !names.has(name));
}

/**
 * Whether accounts or their groups come from anywhere but the files. `systemd` makes up accounts with groups of their
 * own.
 */
function asksElsewhere(nsswitch: string): boolean {
  return nsswitch.split('\n').some((line) => {
    const [, sources] = /^\s*(?:passwd|group|initgroups)\s*:([^#]*)/.exec(line) ?? [];
    const named = sources?.replaceAll(/\[[^\]]*\]/g, ' ').split(/\s+/) ?? [];
    return named.some((source) => !/^(files|compat|systemd|)$/.test(source));
  });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
