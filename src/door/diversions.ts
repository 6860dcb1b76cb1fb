/**
 * Commands in start-up files that may give a guest's terminal to another program, under conditions that a trial need not
 * meet: found by reading, and so with more than there is.
 */
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Obstacle } from '../domain/obstacle.ts';
import { namesIn } from '../system/names-in.ts';
import { harmfulIn, takesTerminal } from './harmless.ts';
import { commandsIn, depthOf, dialectOf, logicalLines } from './shell-lines.ts';
import { plainName, sshrc, startUpOf, valueIn } from './start-up.ts';

export interface Diversion {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** Its first words. */
  readonly command: string;
}

/** A file that is read, too, or a pattern of such. */
interface Sourced {
  readonly word: string;
  readonly isAlways: boolean;
}

/** How many files are read, and the size in bytes up to which. */
const [most, longest] = [200, 128 << 10];

/** Whether a text tells people at a prompt from others, as in `[[ $- == *i* ]]`; or that it was not started by sshd. */
const isInteractive =
  /\$-\S*\s*(==?|=~)\s*["']?\*?i|-o\s+["']?interactive|-n\s+["']?\$\{?PS1|status\s+(--)?(is-interactive|-i\b)|\(\s*\$\?prompt(?!\s*(?:==\s*0|!=\s*1))|\[\s+["']?\$\{?PS1\}?["']?\s+\]|-z\s+["']?\$\{?SSH2?_(CLIENT|CONNECTION)/;
const isNotInteractive =
  /\$-\S*\s*!=\s*["']?\*?i|!\s+\[\[?\s.*\$-|!\s+-o\s+["']?interactive|-z\s+["']?\$\{?PS1|not\s+status\s+(--)?(is-interactive|-i\b)|!\s*\$\?prompt|\$\?prompt\s*(?:==\s*0|!=\s*1)/;
const isBySshd = /-n\s+["']?\$\{?SSH2?_(CLIENT|CONNECTION)/;
const leaves = /\b(return|exit)\b/;
/** What joins tests: of a guard with such a part it is not known whom it is for. */
const [and, or] = [/&&|\s-a\s|\band\b/, /\|\||\s-o\s+(?!["']?interactive)|\bor\b/];
/** A test that is met again whenever it was. */
const isFileTest = /^\s*(?:if\s+)?(?:\[\[?|test)\s+-[defrsx]\s+[^&|]*$|^\s*for\b/;

/** What may stand before a command on its line. */
const before = String.raw`(?:^|[;&|{)]|(?<!\$)\(|\b(?:then|else|do|and|or|not|if|while|command)\b)\s*`;
const sources = new RegExp(String.raw`${before}(?:\.|source)\s+["']?([^\s"';&|]+)`);

const forIn = /\bfor\s+(\w+)\s+in\s+([^;]*)/;
const foreach = /\bforeach\s+(\w+)\s*\(\s*(?:`\s*(?:\/bin\/)?ls\s)?([^)`]*)/;

/** Those on the path of a login to a command of sshd's. @param environment in which sshd starts it */
function diversionsOf(shell: string, environment: readonly string[]): Diversion[] {
  const { own, shared } = startUpOf(shell, environment);
  const login = plainName(shell);
  /** By path, which shell reads it, and whether it always does. */
  const files = new Map([
    [sshrc, { reader: 'sh', isAlways: true }],
    ...[...own, ...shared].map((path) => [path, { reader: login, isAlways: true }] as const),
  ]);
  const found: Diversion[] = [];
  for (const [path, { reader, isAlways }] of files) {
    if (files.size > most) {
      found.push({ path, line: 1, command: `one of more than ${most} files` });
      break;
    }
    const text = textOf(path);
    if (text === undefined)
      for (const name of namesIn(path)) files.set(join(path, name), { reader, isAlways });
    else if (text === 'long') found.push({ path, line: 1, command: 'too long to be looked at' });
    else {
      const { diversions, sourced } = diversionsIn(text.text, reader, environment, isAlways);
      found.push(...diversions.map((one) => ({ path, ...one })));
      for (const { word, isAlways: too } of sourced)
        for (const file of filesAt(word, environment))
          if (!files.has(file)) files.set(file, { reader, isAlways: isAlways && too });
    }
  }
  return found;
}

/** The first of them, as what there is against an sshd that starts the shell so. */
export function diversionObstacle(shell: string, environment: readonly string[]): Obstacle[] {
  const [first] = diversionsOf(shell, environment);
  return first ? [{ kind: 'may-divert', ...first }] : [];
}

/**
 * The pure part, of one file of a shell of that name. What always runs has been tried; what only runs at times counts unless
 * it is known to do no harm.
 * @param isAlways whether that file is read whenever a shell starts
 */
export function diversionsIn(
  text: string,
  shell: string,
  environment: readonly string[] = [],
  isAlways = true,
): { readonly diversions: Omit<Diversion, 'path'>[]; readonly sourced: Sourced[] } {
  const isFish = shell === 'fish';
  const opens = isFish ? /^\s*(if|for|while|switch|begin|function)\b/ : /^\s*(if)\b|[;&]\s*(if)\b/;
  const closes = isFish ? /^\s*end\b|;\s*end\b/ : /^\s*(fi|endif)\b|[;\s](fi|endif)\s*([;&|]|$)/;
  const diversions: Omit<Diversion, 'path'>[] = [];
  const sourced: Sourced[] = [];
  /** How many blocks deep within one that only people at a prompt come to. */
  let guarded = 0;
  /** Within `case $- in`: whether in a branch for them. */
  let branch: 'none' | 'outside' | 'prompt' | 'other' = 'none';
  /** Whether the block, or the condition before, is for everybody else: leaving there ends the file for them. */
  let leaving = false;
  const dialect = dialectOf(shell);
  const functions = new Set(
    [...text.matchAll(/^\s*(?:function\s+([\w:.-]+)|([\w:.-]+)\s*\(\s*\))/gm)].flatMap(
      ([, one, other]) => one ?? other ?? [],
    ),
  );
  /** How many blocks deep, and which of them are no mere tests for files. */
  let depth = 0;
  let conditions: readonly boolean[] = [];
  /** The depth outside of a function's body, while within. */
  let outside: number | undefined;
  /** Whether the rest is left out at times. */
  let mayHaveLeft = !isAlways;
  /** What variables are given before, where that is plain. */
  const given = [...environment];
  /** Variables that stand for one file after the other of a list that is looked into. */
  const lists = new Set<string>();
  /** Those that hold what a command has printed. */
  const computed = new Set<string>();
  for (const { text: whole, number } of logicalLines(text, dialect)) {
    let line = whole;
    if (line.trim() === '') continue;
    if (outside !== undefined && depth <= outside) outside = undefined;
    const isPart = branch !== 'none';
    if (guarded > 0) {
      if (opens.test(line) && !closes.test(line)) guarded += 1;
      else if (!opens.test(line) && closes.test(line)) guarded -= 1;
      else if (guarded === 1 && /^\s*(elif|else\s+if)\b/.test(line)) {
        // For others, and only some of them.
        guarded = 0;
        depth += 1;
        conditions = [...conditions, true];
      } else if (guarded === 1 && /^\s*else\b/.test(line)) guarded = 0;
      if (!/^\s*(elif|else\s+if)\b/.test(line) || guarded > 0) continue;
    }
    const deep = depth > 0 || mayHaveLeft;
    if (/\bcase\s+["']?\$\{?-\}?["']?\s+in\b/.test(line)) branch = 'outside';
    if (branch !== 'none') {
      // Also all on one line: case $- in *i*) ;; *) return;; esac
      const theirs: string[] = [];
      for (const part of line.split(/(?<=;;)|(?=\besac\b)/)) {
        if (/\*i\*["']?\s*\)/.test(part)) branch = 'prompt';
        else if (/\*\s*\)/.test(part)) branch = 'other';
        if (branch === 'other') theirs.push(part);
        if (/;;/.test(part)) branch = 'outside';
        if (/\besac\b/.test(part)) branch = 'none';
      }
      line = theirs.join('');
      if (leaves.test(line)) break;
      if (line === '') continue;
    }
    // Without what follows from it.
    const condition = line
      .replace(/(&&|\|\||;\s*(and|or)\b|\b(and|or))\s*\{?\s*(return|exit)\b.*$/, '')
      .replace(/;?\s*then\b.*$/, '');
    const isGuard = isInteractive.test(line) && !isNotInteractive.test(line) && !or.test(condition);
    // With what others come to on the same line it is for both.
    const prompt = isGuard && !/\b(elif|else)\b/.test(line);
    const isNot = isNotInteractive.test(line) || (!isInteractive.test(line) && isBySshd.test(line));
    const others = isNot && !and.test(condition);
    if (others && leaves.test(line)) break;
    if (leaving && depth === 1 && /^\s*(return|exit)\b/.test(line)) break;
    leaving = (leaving || (others && opens.test(line))) && !(depth <= 1 && closes.test(line));
    if (prompt) {
      // [[ $- == *i* ]] || return; also with what follows on a line of its own, as in fish.
      if (/(\|\||\bor\b).*\b(return|exit)\b/.test(line)) break;
      if (opens.test(line) && !closes.test(line)) guarded = 1;
      else if (isFish && /^\s*or\s+(return|exit)\b/.test(text.split('\n')[number] ?? '')) break;
      continue;
    }
    if (!isPart && branch === 'none') {
      const change = depthOf(line, dialect);
      const isFunction = /^\s*(function\s+[\w:.-]+|[\w:.-]+\s*\(\s*\))/.test(line);
      if (isFunction && change > 0) outside ??= depth;
      depth = Math.max(0, depth + change);
      const isTest = isFileTest.test(line.replace(/;\s*(then|do)\s*$/, ''));
      conditions = change > 0 ? [...conditions, !isTest] : conditions.slice(0, depth);
    }
    // for f in ~/.bashrc.d/*; do . "$f"; done
    const [, each = '', list = ''] = (dialect === 'csh' ? foreach : forIn).exec(line) ?? [];
    const listed = list.trim().split(/\s+/);
    const isSure = !mayHaveLeft && !conditions.some(Boolean);
    if (list !== '')
      sourced.push(
        ...listed.flatMap(braces).map((one) => ({ word: pathOf(one, given) ?? one, isAlways: isSure })),
      );
    if (listed.every((one) => pathOf(one, given) !== undefined)) lists.add(each);
    const commands = commandsIn(line, dialect);
    const isLate = ({ words: [name = ''] }: (typeof commands)[number]): boolean => name === 'trap';
    const isSource = ({ words: [name = ''] }: (typeof commands)[number]): boolean =>
      name === '.' || name === 'source';
    const atTimes = commands.filter((one) => deep || one.isConditional || isLate(one) || isSource(one));
    const isFollowed = (word: string): boolean =>
      pathOf(word, given) !== undefined || lists.has(word.replace(/^\$\{?(\w+)\}?$/, '$1'));
    const [harmful] = harmfulIn(atTimes, dialect, functions, isFollowed, computed);
    const command = commands.find(takesTerminal)?.words.join(' ') ?? harmful;
    if (command !== undefined) diversions.push({ line: number, command: command.trim().slice(0, 40) });
    const [, word] = sources.exec(line) ?? [];
    const isTested = isFileTest.test(line.replace(/(&&|;\s*then)\s*(\.|source)\s.*$/, ''));
    const isAtTimes = commands.some((one) => isSource(one) && one.isConditional) && !isTested;
    if (word !== undefined)
      sourced.push({ word: pathOf(word, given) ?? word, isAlways: isSure && !isAtTimes });
    for (const [, name = ''] of line.matchAll(/(?:^|[\s;])(\w+)=["']?(?:\$\(|`)/g)) computed.add(name);
    for (const [, name, value = ''] of line.matchAll(
      /(?:^|[\s;])(\w+)=["']?([\w./~${}:-]+)["']?(?=[\s;]|$)/g,
    )) {
      const path = pathOf(value, given);
      if (path !== undefined) given.push(`${name}=${path}`);
    }
    const isLeave = ({ words: [name = ''] }: (typeof commands)[number]): boolean =>
      /^(return|exit)$/.test(name);
    if (outside === undefined && !/\(\s*\)/.test(line) && commands.some(isLeave)) {
      if (!deep && commands.some((one) => isLeave(one) && !one.isConditional)) break;
      mayHaveLeft = true;
    }
  }
  const folder = valueIn(given, 'ZDOTDIR');
  if (shell === 'zsh' && folder !== undefined && folder !== valueIn(environment, 'ZDOTDIR'))
    sourced.push({ word: join(folder, '.zshenv'), isAlways: true });
  return { diversions, sourced };
}

/** What `~/.{a,b}` stands for. */
function braces(word: string): string[] {
  const [, before = '', list, after = ''] = /^([^{]*(?<!\$))\{([^{}]*,[^{}]*)\}(.*)$/.exec(word) ?? [];
  return list === undefined ? [word] : list.split(',').flatMap((one) => braces(`${before}${one}${after}`));
}

/** The path that a word means, a pattern perhaps, where that can be told. */
function pathOf(word: string, environment: readonly string[]): string | undefined {
  const path = word
    .replaceAll(/["']/g, '')
    .replace(/^(?:~|\$(\w+)|\$\{(\w+)(?::?-([^}]*))?\})(?=\/|$)/, (_, one, other, usual) => {
      const value = valueIn(environment, one ?? other ?? 'HOME');
      return value || (usual === undefined ? '$' : (pathOf(usual, environment) ?? '$'));
    });
  return isAbsolute(path) && !/[$`(]/.test(path) ? path : undefined;
}

/** The files that a word of a start-up file names. */
function filesAt(word: string, environment: readonly string[]): string[] {
  const path = pathOf(word, environment);
  if (path === undefined) return [];
  const [folder, ...more] = path.split('*');
  if (folder === undefined || more.length === 0) return [path];
  const at = folder.slice(0, folder.lastIndexOf('/') + 1);
  return namesIn(at).map((name) => join(at, name));
}

/** `undefined` for a folder; empty for what is no text, or can't be read, by the shell neither. */
export function textOf(path: string): { readonly text: string } | 'long' | undefined {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return undefined;
    if (!stats.isFile()) return { text: '' };
    if (stats.size > longest) return 'long';
    const text = readFileSync(path, 'latin1');
    return { text: text.includes('\0') ? '' : text };
  } catch {
    return { text: '' };
  }
}
