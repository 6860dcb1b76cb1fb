import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StateTrouble } from '../domain/keyring-warning.ts';
import { randomBytes } from '../domain/random.ts';
import { baseFolder } from '../system/home.ts';
import { isOwn } from '../system/ownership.ts';
import { distrust, distrustAbove, modesHint } from '../system/safe-path.ts';
import { failed, ok, type Result } from './pin-store.ts';

type Outcome<T> = Promise<Result<T, StateTrouble>>;

/**
 * A folder of small text files that only this account can have written: each folder down from `tmuxpair` and each file
 * must be ours, no symlink, and not writable by group or others. Anything else is neither read nor replaced.
 */
export interface StateFolder {
  readonly path: string;
  /** The whole text, `undefined` if there is no such file. */
  read(name: string): Outcome<string | undefined>;
  /** Replaces the file at once (0600, temporary file and rename), and makes the folders (0700) that it needs. */
  write(name: string, text: string): Outcome<void>;
  /** Whether it existed. */
  remove(name: string): Outcome<boolean>;
  /** Sorted; without temporary files. */
  list(): Outcome<readonly string[]>;
}

const longestFile = 4 << 20;

/** `$XDG_STATE_HOME/tmuxpair/<name>`, by default under `~/.local/state`. Touches nothing yet. */
export function stateFolder(env: NodeJS.ProcessEnv, name: string): StateFolder {
  const base = baseFolder(env, 'XDG_STATE_HOME', '.local/state');
  const root = join(base, 'tmuxpair');
  const path = join(root, name);
  /** Whether both folders exist. */
  const check = async () => {
    const areThere = (await isOurs(root, 'folder')) && (await isOurs(path, 'folder'));
    if (areThere) inspectAbove(root);
    return areThere;
  };
  return {
    path,
    read: (file) =>
      attempt(path, async () => ((await check()) ? await readText(join(path, file)) : undefined)),
    write: (file, text) =>
      attempt(path, async () => {
        await mkdir(base, { recursive: true, mode: 0o700 });
        inspectAbove(root);
        for (const folder of [root, path]) await makeFolder(folder);
        await isOurs(join(path, file), 'file');
        await replace(join(path, file), text);
      }),
    remove: (file) =>
      attempt(path, async () => {
        if (!(await check()) || !(await isOurs(join(path, file), 'file'))) return false;
        await unlink(join(path, file));
        return true;
      }),
    list: () =>
      attempt(path, async () => {
        const names = (await check()) ? await readdir(path) : [];
        return names.filter((one) => !one.startsWith('.')).sort();
      }),
  };
}

/** Carries a {@link StateTrouble} up to {@link attempt}, within this file. */
class Refused extends Error {
  readonly trouble: StateTrouble;
  constructor(trouble: StateTrouble) {
    super(trouble.cause);
    this.trouble = trouble;
  }
}

async function attempt<T>(path: string, act: () => Promise<T>): Outcome<T> {
  try {
    return ok(await act());
  } catch (error) {
    if (error instanceof Refused) return failed(error.trouble);
    const { code, path: at = path } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return failed({ cause: 'io', path: at, code });
  }
}

/** Whether it exists; throws if it is not ours alone. */
async function isOurs(path: string, what: 'folder' | 'file'): Promise<boolean> {
  try {
    inspect(await lstat(path), path, what);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function inspect(stats: Stats, path: string, what: 'folder' | 'file'): void {
  if (stats.isSymbolicLink()) throw new Refused({ cause: 'symlink', path });
  if (what === 'folder' && !stats.isDirectory()) throw new Refused({ cause: 'not-a-folder', path });
  if (what === 'file' && !stats.isFile()) throw new Refused({ cause: 'not-a-file', path });
  if (!isOwn(stats)) throw new Refused({ cause: 'other-owner', path });
  if (distrust(path, stats, 'any')) throw new Refused({ cause: 'writable-by-others', path });
}

/** Anyone who can write a folder above could put another in the place of ours. */
function inspectAbove(path: string): void {
  const found = distrustAbove(path);
  if (!found) return;
  const cause = found.why === 'owner' ? 'other-owner' : 'writable-by-others';
  const hint = modesHint(found);
  throw new Refused({ cause, path: found.path, ...(hint === undefined ? {} : { hint }) });
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  inspect(await lstat(path), path, 'folder');
}

async function readText(path: string): Promise<string | undefined> {
  if (!(await isOurs(path, 'file'))) return undefined;
  // The file may have been replaced since the look, so the open one is looked at again. O_NONBLOCK: a FIFO never
  // blocks.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    inspect(stats, path, 'file');
    if (stats.size > longestFile) throw new Refused({ cause: 'io', path, code: 'EFBIG' });
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

async function replace(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await fill(file, text);
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

async function fill(file: FileHandle, text: string): Promise<void> {
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
