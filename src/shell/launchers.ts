/** Programs that run what they are told to, and what that is. */
import { basename } from 'node:path';
import { optionsOf } from './getopt.ts';

export type Run =
  | { readonly kind: 'command'; readonly words: readonly string[] }
  /** A file that a shell of that name reads. */
  | { readonly kind: 'script'; readonly file: string; readonly shell: string }
  | { readonly kind: 'code'; readonly code: string; readonly shell: string }
  | { readonly kind: 'unknown' };

const unknown: readonly Run[] = [{ kind: 'unknown' }];

/** They run the command after their options. By name: the options that have a value in the next word. */
const wrappers: Readonly<Record<string, string>> = {
  env: 'uC',
  nohup: '',
  setsid: '',
  nice: 'n',
  ionice: 'cnpPu',
  time: 'fo',
  timeout: 'ks',
  stdbuf: 'ioe',
  xargs: 'aEIdLnPs',
  sudo: 'CDghpRrTtUu',
  doas: 'Cu',
};
/** With these options they run something else. */
const instead: Readonly<Record<string, RegExp>> = { env: /S/, sudo: /[eis]/, doas: /s/ };

/** The names of shells. */
export const shells = /^(ba|da|z|fi|tc|c|k|mk|a)?sh$/;
const launchers = /^(su|runuser|script|ssh|mosh|docker|podman)$/;
const managers = /^(brew|flatpak|fnm|goenv|jenv|luarocks|nodenv|opam|pyenv|rbenv|rustup)$/;
const runs = /^(enter|exec|run|sh|shell|x)$/;

/** @returns `undefined` if a program of that name runs nothing that it is told to */
export function ranBy([path = '', ...args]: readonly string[], isFed = false): readonly Run[] | undefined {
  const name = basename(path);
  const valued = wrappers[name];
  if (valued !== undefined) return wrapped(name, args, valued);
  if (shells.test(name)) return ofShell(name, args);
  if (launchers.test(name)) return unknown;
  if (name === 'find') return found(args);
  if (/^[gm]?awk$/.test(name))
    return /\bsystem\s*\(|\bgetline\b|(?<!\|)\|&?\s*"/.test(args.join(' ')) ||
      args.some((arg) => /^-[fi]/.test(arg))
      ? unknown
      : undefined;
  if (managers.test(name))
    return runs.test(args.find((arg) => !arg.startsWith('-')) ?? '') ? unknown : undefined;
  if (name === 'gpg-agent') return /--daemon [^-]/.test(args.join(' ')) ? unknown : undefined;
  // It asks people what to do, unless it is told that this is all.
  if (name === 'gpg-connect-agent') return isFed || args.includes('/bye') ? undefined : unknown;
  return undefined;
}

function wrapped(name: string, args: readonly string[], valued: string): readonly Run[] {
  const { letters, rest: all } = optionsOf(args, valued);
  if (instead[name]?.test(letters)) return unknown;
  const first = all.findIndex((word) => !/^\w+=/.test(word));
  const rest = first === -1 ? [] : all.slice(first + (name === 'timeout' ? 1 : 0));
  if (rest.length === 0) return [];
  // Its last words come from its input.
  return [{ kind: 'command', words: name === 'xargs' ? [...rest, '$@'] : rest }];
}

function ofShell(shell: string, args: readonly string[]): readonly Run[] {
  const at = args.findIndex((arg) => !arg.startsWith('-'));
  const file = args[at];
  if (file === undefined) return unknown;
  const options = args.slice(0, at);
  if (options.some((one) => /^-\w*i/.test(one))) return unknown;
  return options.some((one) => /^-\w*c/.test(one))
    ? [{ kind: 'code', code: file, shell }]
    : [{ kind: 'script', file, shell }];
}

function found(args: readonly string[]): readonly Run[] | undefined {
  const all = args.flatMap((arg, at): Run[] => {
    if (!/^-(exec|ok)(dir)?$/.test(arg)) return [];
    const words = args.slice(at + 1);
    const end = words.findIndex((word) => word === ';' || word === '+');
    return [{ kind: 'command', words: words.slice(0, end === -1 ? words.length : end) }];
  });
  return all.length === 0 ? undefined : all;
}
