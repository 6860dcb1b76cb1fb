/**
 * Where a pairing keeps what it needs while it lives: `$XDG_RUNTIME_DIR/tmuxpair`, or `tmuxpair/run` in the state
 * folder if there is no runtime directory.
 *
 *     ID/            one lease: see domain/lease-folder.ts
 *     .ID.PID.START/ a folder of process PID's own: a lease being made or removed, or the keys of a trial login
 *     rooms/NAME/    one room: its tmux socket, and `lease`, a link that names its present lease
 */
import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { Refusal, refuse } from '../domain/failure.ts';
import { shWord } from '../domain/sh-word.ts';
import { describeErrno } from '../system/errno.ts';
import { baseFolder } from '../system/home.ts';
import { isOwn } from '../system/ownership.ts';
import { distrustAbove, modesHint } from '../system/safe-path.ts';
import { isSafeToken } from './authorized-keys.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Longest path of a socket, in bytes: macOS has room for 104, Linux for 108, including the final NUL. */
const longestSocket = process.platform === 'darwin' ? 103 : 107;
/** Leaves room for the longest name that a socket adds to the run directory: `/rooms/` + 32 + `/tmux`. */
const longestRoot = longestSocket - 44;

/** The folder of state that is kept across boots: `$XDG_STATE_HOME/tmuxpair` or `~/.local/state/tmuxpair`. */
export function stateDirectory(env: Env): string {
  return join(baseFolder(env, 'XDG_STATE_HOME', '.local/state'), 'tmuxpair');
}

/** The run directories that pairings of this account may use, this environment's own first. */
export function runDirectories(env: Env): string[] {
  const uid = process.geteuid?.() ?? 0;
  const bases = [env.XDG_RUNTIME_DIR, `/run/user/${uid}`].filter(
    (base) => base !== undefined && isUsableBase(base),
  );
  return [
    ...new Set([...bases.map((base) => join(base as string, 'tmuxpair')), join(stateDirectory(env), 'run')]),
  ];
}

/**
 * Makes this environment's run directory, or checks the existing one.
 * @throws Refusal `run-directory-refused` if it is a link, somebody else's, open to others, or in a folder in which
 * others could replace it
 */
export function openRunDirectory(env: Env): string {
  const root = runDirectories(env).find((path) => isSafeToken(path) && path.length <= longestRoot);
  if (root === undefined) {
    const path = runDirectories(env)[0] ?? '';
    return refuse({
      kind: 'run-directory-refused',
      path,
      problem: 'its name is too long or has blanks or odd characters',
    });
  }
  return writeBelow(root, () => {
    mkdirSync(dirname(root), { recursive: true, mode: 0o700 });
    checkAbove(root);
    for (const path of [root, join(root, 'rooms')]) {
      try {
        if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      checkPrivate(path);
    }
    return root;
  });
}

/** Runs `make`, which writes below `path`. @throws Refusal `run-directory-refused` if that fails */
export function writeBelow<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string' || error instanceof Refusal) throw error;
    const problem = describeErrno(error);
    const hint = 'make room on it, or set XDG_RUNTIME_DIR to a folder of yours that can be written';
    return refuse({ kind: 'run-directory-refused', path, problem, hint });
  }
}

/** Whether `path` passes {@link checkPrivate}. */
export function isPrivate(path: string): boolean {
  try {
    checkPrivate(path);
    return true;
  } catch {
    return false;
  }
}

/** @throws Refusal `run-directory-refused` unless `path` is a folder of ours that nobody else can enter */
export function checkPrivate(path: string): void {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink())
    refuse({ kind: 'run-directory-refused', path, problem: 'it is a symbolic link' });
  if (!stats.isDirectory()) refuse({ kind: 'run-directory-refused', path, problem: 'it is not a folder' });
  if (!isOwn(stats))
    refuse({ kind: 'run-directory-refused', path, problem: `it belongs to user ${stats.uid}` });
  if ((stats.mode & 0o077) !== 0) {
    const hint = `chmod 700 ${shWord(path)}`; // Nobody but this program uses it.
    refuse({ kind: 'run-directory-refused', path, problem: 'others may enter or write it', hint });
  }
}

/** Anyone who can write a folder above, unless it is sticky, could move ours away and put their gate there. */
function checkAbove(root: string): void {
  const found = distrustAbove(root);
  if (!found) return;
  const { path } = found;
  const problem = found.why === 'owner' ? `${path} belongs to user ${found.uid}` : `others may write ${path}`;
  const hint =
    modesHint(found) ?? 'set XDG_RUNTIME_DIR to a folder of yours, below folders of yours or of root';
  refuse({ kind: 'run-directory-refused', path: root, problem, hint });
}

function isUsableBase(path: string): boolean {
  try {
    const stats = isAbsolute(path) ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
    return stats?.isDirectory() === true && isOwn(stats) && (stats.mode & 0o022) === 0;
  } catch {
    return false; // In a folder of another account.
  }
}
