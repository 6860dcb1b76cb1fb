/** What a login shell reads before it runs sshd's command: its files, the files that those name, and what helps. */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';

export interface StartUp {
  /**
   * The user's, and those of all users of this machine, whether or not they exist. Folders count with what is in them.
   */
  readonly own: readonly string[];
  readonly shared: readonly string[];
  /** How a file begins that is for people at a prompt alone. */
  readonly guard?: string;
}

/** The name of a shell without its version, as in `/opt/bin/zsh-5.9`. */
export function plainName(shell: string): string {
  return basename(shell).replace(/(?<=[a-z])-?[\d.]+$/, '');
}

/**
 * What a shell of that name reads if sshd starts it with `-c`.
 * @param environment `NAME=value`, in which sshd starts it
 */
export function startUpOf(shell: string, environment: readonly string[]): StartUp {
  const value = (name: string): string => valueIn(environment, name) ?? '';
  const at = (folder: string, ...names: string[]): string[] =>
    isAbsolute(folder) ? names.map((name) => join(folder, name)) : [];
  const mine = (...names: string[]): string[] => at(value('HOME'), ...names);
  switch (plainName(shell)) {
    case 'bash':
    case 'rbash':
      return {
        own: [...mine('.bashrc'), ...at(value('BASH_ENV'), '')],
        shared: ['/etc/bash.bashrc', '/etc/bashrc'],
        guard: 'case $- in *i*) ;; *) return;; esac',
      };
    case 'zsh':
    case 'rzsh':
      return {
        own: value('ZDOTDIR') === '' ? mine('.zshenv') : at(value('ZDOTDIR'), '.zshenv'),
        shared: ['/etc/zshenv', '/etc/zsh/zshenv'],
        guard: '[[ -o interactive ]] || return',
      };
    case 'fish': {
      const config = value('XDG_CONFIG_HOME') || join(value('HOME'), '.config');
      const data = [
        value('XDG_DATA_HOME') || join(value('HOME'), '.local/share'),
        ...(value('XDG_DATA_DIRS') || '/usr/local/share:/usr/share').split(':'),
      ];
      return {
        own: at(config, 'fish/config.fish', 'fish/conf.d'),
        shared: [
          '/etc/fish/config.fish',
          '/etc/fish/conf.d',
          ...data.flatMap((folder) => at(folder, 'fish/vendor_conf.d')),
        ],
        guard: 'status is-interactive; or return',
      };
    }
    case 'csh':
    case 'bsd-csh':
    case 'tcsh':
      return {
        own: mine('.tcshrc', '.cshrc'),
        shared: ['/etc/csh.cshrc', '/etc/csh/cshrc.d'],
        guard: 'if (! $?prompt) exit',
      };
    default:
      return { own: at(value('ENV'), ''), shared: [] };
  }
}

/**
 * What sshd has `/bin/sh` run before it starts the shell, for all users. `restrict` in a line keeps the user's own from
 * running.
 */
export const sshrc = '/etc/ssh/sshrc';

/** How many files to look into, and up to which size in bytes. */
const [most, longest] = [200, 128 << 10];

export interface StartUpFiles {
  /** Including those that don't exist: they might be made. */
  readonly paths: readonly string[];
  /** Whether these are all that were found, or there were too many. */
  readonly isWhole: boolean;
}

/**
 * Every file on which what runs before the command can be seen to depend: the shell, its start-up files, whatever those
 * name, and so on.
 */
export function startUpFiles(shell: string, environment: readonly string[]): StartUpFiles {
  const { own, shared } = startUpOf(shell, environment);
  const found = new Set([shell, sshrc, ...shared, ...own]);
  let isWhole = true;
  for (const path of found) {
    isWhole = found.size <= most;
    if (!isWhole) break;
    if (path !== shell) for (const other of namedIn(path, environment)) found.add(other);
  }
  return { paths: [...found], isWhole };
}

/** What a folder holds, or the files that a text names by a path that begins with `/`, `~` or a variable of these. */
function namedIn(path: string, environment: readonly string[]): string[] {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return readdirSync(path).map((name) => join(path, name));
    if (!stats.isFile() || stats.size > longest) return [];
    const text = readFileSync(path, 'latin1');
    if (text.includes('\0')) return [];
    const names = text.match(/(?:~|\$[A-Z_]+|\$\{[A-Z_]+\})?\/[A-Za-z0-9_.+@%*/-]+/g) ?? [];
    return names.flatMap((name) => {
      const expanded = name.replace(/^(?:~|\$\{?([A-Z_]+)\}?)(?=\/)/, (_, variable = 'HOME') => {
        return valueIn(environment, variable) ?? '';
      });
      const isGlob = expanded.includes('*');
      const file = isGlob ? dirname(expanded.replace(/\*.*/, '*')) : expanded.replace(/\/$/, '');
      return isOfInterest(file, isGlob) ? [file] : [];
    });
  } catch {
    return [];
  }
}

/**
 * Leaves out programs, and folders that are not known to hold start-up files: many change all the time.
 * @param isGlob whether everything in a folder is named
 */
function isOfInterest(path: string, isGlob: boolean): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  // It may be made.
  if (!stats) return !/^\/(usr\/)?s?bin\/|[*]/.test(path) && existsSync(dirname(path));
  if (stats.isDirectory()) return (isGlob && path !== '/') || /\.d$/.test(path);
  return stats.isFile() && stats.size <= longest && !/^\/(usr\/)?s?bin\//.test(path);
}

/** The last value of that name among `NAME=value`. */
export function valueIn(environment: readonly string[], name: string): string | undefined {
  return environment.findLast((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** The name by which sshd starts the shell: its last part, if that leads to the same program; else its path. */
export function nameOfShell(shell: string, environment: readonly string[]): string {
  const found = (valueIn(environment, 'PATH') ?? '')
    .split(':')
    .map((folder) => join(folder, basename(shell)));
  const first = found.find((file) => existsSync(file));
  return first !== undefined && realpathSync(first) === realpathSync(shell) ? basename(shell) : shell;
}
