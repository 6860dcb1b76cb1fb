/** What a login shell reads before it runs the command that sshd has for it: files, those they name, and the cure. */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Account } from '../system/account.ts';

export interface StartUp {
  /** Of the user's, and of all users of this machine; whether or not they are there. Folders count with what is in them. */
  readonly own: readonly string[];
  readonly shared: readonly string[];
  /** What a file begins with that is to hold for people at a prompt alone. */
  readonly guard?: string;
}

/** What a shell of that name reads for `-c`, below sshd. @param home where it looks for the user's */
export function startUpOf(shell: string, home: string): StartUp {
  const mine = (...names: string[]): string[] => names.map((name) => join(home, name));
  switch (basename(shell)) {
    case 'bash':
    case 'rbash':
      return {
        own: mine('.bashrc'),
        shared: ['/etc/bash.bashrc', '/etc/bashrc'],
        guard: 'case $- in *i*) ;; *) return;; esac',
      };
    case 'zsh':
    case 'rzsh':
      return {
        own: mine('.zshenv'),
        shared: ['/etc/zshenv', '/etc/zsh/zshenv'],
        guard: '[[ -o interactive ]] || return',
      };
    case 'fish':
      return {
        own: mine('.config/fish/config.fish', '.config/fish/conf.d'),
        shared: ['/etc/fish/config.fish', '/etc/fish/conf.d', '/usr/share/fish/vendor_conf.d'],
        guard: 'status is-interactive; or return',
      };
    case 'csh':
    case 'bsd-csh':
    case 'tcsh':
      return {
        own: mine('.tcshrc', '.cshrc'),
        shared: ['/etc/csh.cshrc', '/etc/csh/cshrc.d'],
        guard: 'if (! $?prompt) exit',
      };
    default:
      return { own: [], shared: [] };
  }
}

/** Read by sshd itself, or by what it asks before the shell is started. */
const ofSshd = ['/etc/ssh/sshrc', '/etc/environment'];

/** How many files are looked into, and the size in bytes up to which. */
const [most, longest] = [200, 128 << 10];

/**
 * Every file that what runs before the command can be seen to depend on: the shell, its start-up files, and whatever
 * those name, and so on. Those that are not there stand in it, too: they might be made.
 */
export function startUpFiles(shell: string, home: string): string[] {
  const { own, shared } = startUpOf(shell, home);
  const found = new Set([shell, ...ofSshd, join(home, '.ssh', 'environment'), ...shared, ...own]);
  for (const path of found) {
    if (found.size > most) break;
    if (path !== shell) for (const other of namedIn(path, home)) found.add(other);
  }
  return [...found];
}

/** What a folder holds, or the files that a text names by a path that begins with `/`, `~` or HOME. */
function namedIn(path: string, home: string): string[] {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return readdirSync(path).map((name) => join(path, name));
    if (!stats.isFile() || stats.size > longest) return [];
    const text = readFileSync(path, 'latin1');
    if (text.includes('\0')) return [];
    const names = text.match(/(?:~|\$HOME|\$\{HOME\}|\$ZDOTDIR)?\/[A-Za-z0-9_.+@%*/-]+/g) ?? [];
    return names
      .map((name) => name.replace(/^(?:~|\$HOME|\$\{HOME\}|\$ZDOTDIR)\//, `${home}/`))
      .map((name) => (name.includes('*') ? dirname(name.replace(/\*.*/, '*')) : name.replace(/\/$/, '')))
      .filter((name) => isOfInterest(name));
  } catch {
    return [];
  }
}

/** Programs are left out, and folders that are not known to hold start-up files: many change all the time. */
function isOfInterest(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return /\.d$/.test(path);
  return stats?.isFile() === true && stats.size <= longest && !/^\/(usr\/)?s?bin\//.test(path);
}

/**
 * The environment, as `NAME=value`, that sshd starts the login shell of an account in, before what a guest's own ssh has a
 * part in.
 * @param more what its `SetEnv` says, which counts
 */
export function sshdEnvironment({ name, uid, home, shell }: Account, more: readonly string[]): string[] {
  const runtime = `/run/user/${uid}`;
  const sbin = uid === 0 ? ['/usr/local/sbin', '/usr/sbin', '/sbin'] : [];
  const own = [
    `USER=${name}`,
    `LOGNAME=${name}`,
    `HOME=${home}`,
    `PATH=${['/usr/local/bin', '/usr/bin', '/bin', ...sbin].join(':')}`,
    `MAIL=/var/mail/${name}`,
    `SHELL=${shell}`,
    ...(existsSync(runtime) ? [`XDG_RUNTIME_DIR=${runtime}`] : []),
    // As of somebody far away: the address is set aside for documentation.
    'SSH_CLIENT=203.0.113.1 50022 22',
    'SSH_CONNECTION=203.0.113.1 50022 203.0.113.2 22',
  ];
  const set = new Map([...own, ...more].map((entry) => [entry.slice(0, entry.indexOf('=')), entry]));
  return [...set.values()];
}

/** The shell as sshd has it call itself, by its last name, as far as that leads to the same program; else its path. */
export function nameOfShell(shell: string, environment: readonly string[]): string {
  const path = environment.find((entry) => entry.startsWith('PATH='))?.slice('PATH='.length) ?? '';
  const found = path.split(':').map((folder) => join(folder, basename(shell)));
  const first = found.find((file) => existsSync(file));
  return first !== undefined && realpathSync(first) === realpathSync(shell) ? basename(shell) : shell;
}
