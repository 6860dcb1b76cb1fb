import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';

/** An account, as the password file has it. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly home: string;
  readonly shell: string;
}

/** The file that lists the account, unless a directory service does. */
export const passwdFile = '/etc/passwd';

let found: { readonly account: Account; readonly as: string } | undefined;

/**
 * The account of this process, as it is now: its login shell may have changed. In a standalone executable, `userInfo`
 * reports what the environment says, which can be anything.
 */
export function thisAccount(): Account {
  const stats = statSync(passwdFile, { throwIfNoEntry: false });
  const as = `${stats?.ino} ${stats?.ctimeMs}`;
  if (found?.as !== as) found = { account: ask() ?? found?.account ?? byNode(), as };
  return found.account;
}

/** `undefined` if the account is gone, or if the file is being written. */
function ask(): Account | undefined {
  try {
    return process.versions.bun === undefined ? byNode() : (byFile() ?? byName() ?? byNode());
  } catch {
    return undefined;
  }
}

function byNode(): Account {
  const { username, uid, homedir, shell } = userInfo();
  return { name: username, uid, home: homedir, shell: shell ?? '' };
}

function byFile(): Account | undefined {
  try {
    return accountIn(readFileSync(passwdFile, 'utf8'), process.geteuid?.());
  } catch {
    return undefined;
  }
}

/** From a directory service, or from macOS, whose form has three more fields. */
function byName(): Account | undefined {
  const uid = process.geteuid?.();
  const [program, ...args] = process.platform === 'darwin' ? ['id', '-P'] : ['getent', 'passwd', String(uid)];
  try {
    const entry = execFileSync(program ?? '', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return accountIn(entry, uid);
  } catch {
    return undefined;
  }
}

/** The first entry of `uid` among entries as in passwd(5), or as macOS has them. */
export function accountIn(entries: string, uid: number | undefined): Account | undefined {
  for (const entry of entries.split('\n')) {
    const [name, , number, , ...rest] = entry.split(':');
    const [home, shell] = rest.slice(-2);
    if (name && home && number !== '' && Number(number) === uid)
      return { name, uid, home, shell: shell ?? '' };
  }
  return undefined;
}
