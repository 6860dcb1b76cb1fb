/**
 * What a login through sshd depends on, besides sshd's settings, the keys, and the account's own lines in passwd and
 * group.
 */
import { join } from 'node:path';
import type { Settings } from '../domain/sshd-settings.ts';
import { thisAccount } from '../system/account.ts';
import { namesIn } from '../system/names-in.ts';
import { diskFiles, loginEnvironment, pamServiceOf } from './login-environment.ts';
import { type Files, pamStack } from './pam-stack.ts';
import { startUpFiles } from './start-up.ts';

/** Files that keep everybody out, TCP wrappers, and the like. */
const ofMachine = [
  '/etc/nologin',
  '/var/run/nologin',
  '/etc/login.access',
  '/etc/hosts.allow',
  '/etc/hosts.deny',
  '/etc/shells',
];

/** Folders, with what is in them. */
const folders = ['/etc/pam.d', '/etc/security'];

/**
 * Files whose change may make a login fail or lead elsewhere, whether or not they exist.
 * @param settings absent while they are not known
 */
export function loginFiles(settings: Settings | undefined): string[] {
  const account = thisAccount();
  const { entries, files } = loginEnvironment(account, settings);
  const inside = folders.flatMap((folder) => [folder, ...namesIn(folder).map((name) => join(folder, name))]);
  const { paths } = startUpFiles(account.shell, entries);
  return [...ofMachine, ...inside, join(account.home, '.ssh', 'rc'), ...files, ...paths];
}

/** These answer from files of this machine alone, at any hour. */
const local =
  /^pam_(access|debug|deny|faillock|lastlog2?|listfile|localuser|nologin|permit|rootok|selinux|shells|succeed_if|unix|usertype|warn)$/;

/**
 * Whether everything that may refuse a login is in files of this machine: not if a directory service decides, or the
 * hour.
 * @param settings absent while they are not known
 */
export function isDecidedHere(settings: Settings | undefined, files: Files = diskFiles): boolean {
  const service = pamServiceOf(settings);
  if (service === undefined) return true;
  const { modules, unread } = pamStack(service, files, ['account']);
  return unread.length === 0 && modules.every(({ name }) => local.test(name));
}
