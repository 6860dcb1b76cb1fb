/**
 * What V8 has compiled of the program, kept from one run to the next: compiling it again takes longer than everything
 * else before a pairing is live. Uses Node's own compile cache if there is one (from 22.1), else ours.
 */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { baseFolder } from './system/home.ts';
import { isOwn } from './system/ownership.ts';
import { replaceFile } from './system/replace-file.ts';
import { distrust, distrustAbove } from './system/safe-path.ts';

export interface Loaded<T> {
  readonly exports: T;
  /** Whether code that an earlier run compiled was used, as far as that is known. */
  readonly isKept: boolean;
  /** Writes the V8 code cache if it grew; also for files that this one has required. Does not throw. */
  keep(): void;
}

/** Loads a CommonJS file. Files that it requires by a relative path are loaded likewise. */
export function loadCompiled<T>(file: string, env: NodeJS.ProcessEnv): Loaded<T> {
  const folder = cacheFolder(env);
  const require = nodeModule.createRequire(file);
  if ('enableCompileCache' in nodeModule && typeof nodeModule.enableCompileCache === 'function') {
    if (folder !== undefined && makePrivate(folder)) nodeModule.enableCompileCache(folder);
    return { exports: require(file), isKept: false, keep: () => {} };
  }
  const source = sourceOf(file);
  const cache = folder === undefined ? undefined : join(folder, `${basename(file, '.js')}.code`);
  const identity = identityOf(file);
  const cachedData = cache === undefined ? undefined : readCache(cache, identity);
  const script = new Script(source, { filename: file, ...(cachedData && { cachedData }) });
  const module = { exports: {} };
  const below = new Map<string, Loaded<unknown>>();
  const requireBelow = (name: string): unknown => {
    if (!name.startsWith('.')) return require(name);
    const path = require.resolve(name);
    const loaded = below.get(path) ?? loadCompiled(path, env);
    below.set(path, loaded);
    return loaded.exports;
  };
  script.runInThisContext().call(module.exports, module.exports, requireBelow, module, file, dirname(file));
  const isKept = cachedData !== undefined && script.cachedDataRejected === false;
  return {
    exports: module.exports as T,
    isKept,
    keep: () => {
      for (const loaded of below.values()) loaded.keep();
      if (cache === undefined) return;
      const code = script.createCachedData();
      if (!isKept || code.length > 1.1 * cachedData.length) writeCache(cache, identity, code);
    },
  };
}

function cacheFolder(env: NodeJS.ProcessEnv): string | undefined {
  try {
    return join(baseFolder(env, 'XDG_CACHE_HOME', '.cache'), 'tmuxpair');
  } catch {
    return undefined; // The account has no home.
  }
}

/**
 * The file, which is ASCII, wrapped in a function as Node does it. Joined as bytes, so no other copy has to be cleared
 * away.
 */
function sourceOf(file: string): string {
  const [head, tail] = ['(function(exports,require,module,__filename,__dirname){', '\n})'];
  return Buffer.concat([Buffer.from(head), readFileSync(file), Buffer.from(tail)]).toString('latin1');
}

/** What the code was compiled from, and by whom: V8 itself compares only the length of a source. */
function identityOf(file: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  return `${[file, dev, ino, size, mtimeNs, ctimeNs, process.version, process.arch].join(' ')}\n`;
}

/**
 * Code is run as ours, so it is read only if nobody else can have written it. Stored twice: comparing the halves
 * detects corruption without loading crypto.
 */
function readCache(path: string, identity: string): Buffer | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(file);
      if (!stats.isFile() || !isOwn(stats) || distrust(path, stats, 'any')) return undefined;
      const bytes = readFileSync(file);
      const head = Buffer.byteLength(identity);
      if (bytes.toString('utf8', 0, head) !== identity) return undefined;
      const half = head + (bytes.length - head) / 2;
      const code = bytes.subarray(head, half);
      return code.equals(bytes.subarray(half)) ? code : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined; // Nothing is kept yet.
  }
}

function writeCache(path: string, identity: string, code: Buffer): void {
  try {
    if (makePrivate(dirname(path))) replaceFile(path, Buffer.concat([Buffer.from(identity), code, code]));
  } catch {
    // Then the next run is slower.
  }
}

/** Makes the folder if it is missing. @returns whether nobody else can write into it, or put another in its place */
function makePrivate(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stats = statSync(folder);
    const isOurs = isOwn(stats) && !distrust(folder, stats, 'any');
    return isOurs && !distrustAbove(folder);
  } catch {
    return false;
  }
}
