/** Commands of start-up files that return and leave the terminal to what follows, whatever their conditions are. */
import { basename } from 'node:path';
import { ranBy } from './launchers.ts';
import { isMultiplexer, mayMultiplex } from './multiplexers.ts';
import { reaches } from './reach.ts';
import type { Dialect } from './shell-lines.ts';
import { variableOf } from './shell-paths.ts';
import { type SimpleCommand, walk } from './shell-walk.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const builtins = words(`
  : . [ [[ abbr alias argparse autoload bashcompinit bind bindkey block break builtin cd chdir commandline compctl compdef
  compinit complete compopt contains continue count declare default dirs disown echo emit emulate enable exit export
  false fish_add_path fish_vi_key_bindings fish_default_key_bindings float functions getopts hash hashstat history
  integer jobs kill let limit local math onintr path popd print printf pushd pwd read readonly rehash return set set_color
  setenv setopt setty settc shift shopt source status string test times trap true type typeset ulimit umask unalias
  unhash unlimit unset unsetenv unsetopt wait whence where which zmodload zstyle
`);

const programs = words(`
  arch awk basename brew cat chmod cksum cowsay cp cut date dbus-update-activation-environment dircolors dirname
  domainname dpkg dpkg-query egrep expr fastfetch fgrep figlet find flatpak fnm fortune gawk getconf getent goenv
  gpg-agent gpg-connect-agent gpgconf grep groups head hostname hostnamectl id jenv keychain lessfile lesspipe
  lesspipe.sh ln locale logger ls lsb_release luarocks manpath mawk md5sum mkdir mktemp mv neofetch nodenv nproc opam
  pgrep pidof printenv ps pyenv rbenv readlink realpath rm rpm rustup screenfetch sed seq sleep sort ssh-add starship
  stat stty sysctl tail touch tput tr tty uname uniq uptime wc whoami xauth xdpyinfo zoxide
`);

/** What a program is asked for to print settings for the shell: then it returns, whichever it is. */
const prints =
  /^(activate|completions?|env|hook|init|shell-init|shellenv|virtualenv-init|--(alias|bash|completions?|fish|zsh))$/;

/** They run a program that they are given, unless they are asked for settings. */
const carriers = /^(ssh-agent|mise|direnv)$/;

/** They give a terminal to people unless they are told what to run. */
const interpreters = /^(python[\d.]*|perl|ruby|node|lua|php)$/;

/**
 * A command that gives the terminal away by its nature, even if it always runs: what it does then may depend on more.
 * @returns how to name it
 */
export function takerIn(command: SimpleCommand): string | undefined {
  const { words } = command;
  const all = bare(words);
  const [name = '', ...args] = all;
  if (name === 'exec') {
    const program = args.find((arg) => !arg.startsWith('-'));
    return program === undefined ? undefined : `exec ${program}`;
  }
  if (isMultiplexer(name)) return mayMultiplex(all) ? words.join(' ') : undefined;
  const takes = (ranBy(all) ?? []).some(
    (run) => run.kind === 'command' && takerIn({ ...command, words: run.words }) !== undefined,
  );
  return takes ? words.join(' ') : undefined;
}

/**
 * The first words of those of these commands that may take the terminal, or lead who knows where.
 * @param own names of functions of the same files
 * @param isFollowed whether a file that is named there is read, too
 * @param computed variables that hold what a command has printed, which is checked separately
 */
export function harmfulIn(
  commands: readonly SimpleCommand[],
  dialect: Dialect,
  own: ReadonlySet<string>,
  isFollowed: (word: string) => boolean,
  computed: Pick<ReadonlySet<string>, 'has'> = new Set(),
): string[] {
  return commands.flatMap((command) => {
    const { words: all, isFed } = command;
    const [name, ...args] = bare(all);
    if (name === undefined) return [];
    const told = all.join(' ').slice(0, 40);
    const deeper = (code: string): string[] =>
      harmfulIn(walk(code, dialect, reaches.atTimes, true), dialect, own, isFollowed, computed).length > 0
        ? [told]
        : [];
    if (isMultiplexer(name)) return mayMultiplex([name, ...args]) ? [told] : [];
    if (name === 'exec') return args.length === 0 ? [] : [told];
    if (name === 'eval' && args.length === 1 && computed.has(variableOf(args[0] ?? ''))) return [];
    // What a command prints is checked separately.
    if (name === 'eval' && /^(\$\(.*\)|`.*`)$/s.test(args.join(' '))) return [];
    if (name === 'eval') return deeper(args.join(' '));
    if (name === 'trap') return deeper(args.find((arg) => !arg.startsWith('-')) ?? '');
    if (name === '.' || name === 'source') {
      const [file = ''] = args.filter((arg) => !arg.startsWith('-'));
      // What another command prints is checked separately.
      const isPrinted = file.startsWith('<(') || ((file === '' || file === '-') && isFed);
      return isPrinted || isFollowed(file) ? [] : [told];
    }
    if (interpreters.test(basename(name)))
      return args.some((arg) => !arg.startsWith('-')) && !args.some((arg) => /^-\w*i/.test(arg))
        ? []
        : [told];
    const runs = ranBy([name, ...args], isFed);
    if (runs !== undefined) {
      const isHarmless = (words: readonly string[]): boolean =>
        harmfulIn([{ ...command, words }], dialect, own, isFollowed, computed).length === 0;
      return runs.every((run) => run.kind === 'command' && isHarmless(run.words)) ? [] : [told];
    }
    if (asksForSettings([name, ...args])) return [];
    if (carriers.test(basename(name))) return args.every((arg) => arg.startsWith('-')) ? [] : [told];
    return builtins.has(name) || programs.has(basename(name)) || own.has(name) ? [] : [told];
  });
}

/** By its first or second argument, as in: conda shell.bash hook */
export function asksForSettings([, ...args]: readonly string[]): boolean {
  return args.slice(0, 2).some((arg) => prints.test(arg)) && !args.includes('--');
}

export function isBuiltin(name: string): boolean {
  return builtins.has(name);
}

/** Without words that only say how to run it. Empty if the command is only asked about. */
export function bare(all: readonly string[]): readonly string[] {
  let [...rest] = all;
  for (;;) {
    const [name = '', next = ''] = rest;
    if (name === 'command' && /^-[a-zA-Z]*[vVqs]/.test(next)) return [];
    if (name === 'builtin' || name === 'command' || name === 'noglob' || name === 'nocorrect')
      rest = rest.slice(1);
    else if (/^-\w+$/.test(name)) rest = rest.slice(1);
    else return rest;
  }
}
