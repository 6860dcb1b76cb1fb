/**
 * Commands in start-up files that may give a guest's terminal to another program, under conditions that a trial need
 * not meet. They are found by reading, which finds more than there is.
 */
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Obstacle } from '../domain/obstacle.ts';
import { namesIn } from '../system/names-in.ts';
import { type Called, diversionsIn } from './file-diversions.ts';
import type { ObeyingSpot, Spot } from './guest-conditions.ts';
import { isTheirs, type Sources } from './guest-variables.ts';
import { programFinder, verdictOn } from './programs.ts';
import { filesAt } from './shell-paths.ts';
import { plainName, sshrc, startUpOf, valueIn } from './start-up.ts';

type In<T> = T & { readonly path: string };

/** How many files to read, and up to which size in bytes. */
const [most, longest] = [200, 128 << 10];

interface Found {
  readonly diversions: In<Spot>[];
  /** Where the shell ends for some guests. */
  readonly ends: In<Spot>[];
  readonly obeying: In<ObeyingSpot>[];
}

/** Which shell reads a file, and when. */
interface Reading {
  readonly shell: string;
  readonly isAlways: boolean;
  /** Whether that shell is one of its own, whose end does not end the login. */
  readonly isChild: boolean;
}

/** Those on the path of a login to a command of sshd's. @param sources the environment in which sshd starts it */
function diversionsOf(shell: string, sources: Sources): Found {
  const { entries: environment } = sources;
  const { own, shared } = startUpOf(shell, environment);
  const login = { shell: plainName(shell), isAlways: true, isChild: false };
  const files = new Map<string, Reading>([
    [sshrc, { shell: 'sh', isAlways: true, isChild: true }],
    ...[...own, ...shared].map((path) => [path, login] as const),
  ]);
  const queue = [...files.keys()];
  const add = (path: string, reading: Reading): void => {
    if (!files.has(path)) queue.push(path);
    if (!files.has(path)) files.set(path, reading);
  };
  const found: In<Spot>[] = [];
  const ends: In<Spot>[] = [];
  const obeying: In<ObeyingSpot>[] = [];
  const isGuests = (name: string): boolean => isTheirs(name, sources);
  const read = (path: string, reading: Reading): In<Called>[] => {
    const text = textOf(path);
    if (text === undefined) for (const name of namesIn(path)) add(join(path, name), reading);
    else if (text === 'long') found.push({ path, line: 1, command: 'too long to be looked at' });
    if (text === undefined || text === 'long') return [];
    const { shell: reader, isAlways, isChild } = reading;
    const all = shallow(() => diversionsIn(text.text, reader, environment, isAlways, isGuests));
    obeying.push(...all.obeying.map((one) => ({ path, ...one })));
    if (!isChild) ends.push(...all.ends.map((one) => ({ path, ...one })));
    found.push(...all.diversions.map((one) => ({ path, ...one })));
    for (const { word, isAlways: too, shell: other } of all.sourced)
      for (const file of filesAt(word, environment))
        add(file, {
          shell: other ?? reader,
          isAlways: isAlways && too,
          isChild: isChild || other !== undefined,
        });
    for (const folder of all.folders) folders.add(folder);
    return all.called.map((call) => ({ ...call, path, isAlways: isAlways && call.isAlways }));
  };
  const folders = new Set((valueIn(environment, 'PATH') ?? '').split(':').filter(isAbsolute));
  const lookUp = programFinder();
  /** Programs are looked up once it is known where they may be. */
  let called: In<Called>[] = [];
  while (queue.length + called.length > 0) {
    if (files.size > most) {
      const [path = ''] = queue;
      found.push({ path, line: 1, command: `one of more than ${most} files` });
      break;
    }
    for (const path of queue.splice(0)) called.push(...read(path, files.get(path) ?? login));
    if (queue.length > 0) continue;
    const calls = called;
    called = [];
    for (const call of calls)
      for (const { path, ...program } of lookUp(call.name, folders)) {
        const verdict = verdictOn(program, call);
        if (verdict === 'harmful') found.push({ path: call.path, line: call.line, command: call.command });
        else if (verdict !== 'harmless')
          add(path, { shell: verdict.shell, isAlways: call.isAlways, isChild: true });
      }
  }
  return { diversions: found, ends, obeying };
}

/** The first of each, as obstacles of an sshd that starts the shell in this way. */
export function diversionObstacles(shell: string, sources: Sources): Obstacle[] {
  const { diversions, ends, obeying } = diversionsOf(shell, sources);
  return [
    ...obeying.slice(0, 1).map((one) => ({ kind: 'may-obey', ...one }) as const),
    ...diversions.slice(0, 1).map((one) => ({ kind: 'may-divert', ...one }) as const),
    ...ends.slice(0, 1).map((one) => ({ kind: 'may-end', ...one }) as const),
  ];
}

/** Substitutions nested thousands deep are not followed to their end. */
function shallow(look: () => ReturnType<typeof diversionsIn>): ReturnType<typeof diversionsIn> {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const diversions = [{ line: 1, command: 'too deep to be looked at' }];
    return { diversions, ends: [], obeying: [], sourced: [], called: [], folders: [] };
  }
}

/** `undefined` for a folder; empty if it is not text, or if neither we nor the shell can read it. */
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
