/**
 * Whether a private sshd would let guests into this account at all. It does not use PAM (see `sshd-config.ts`), and so
 * checks the account in the password files itself, as far as it may read them: root's always may. And it lets in nobody
 * but root while there is a `nologin`.
 */

import { existsSync, readFileSync } from 'node:fs';
import type { PrivateDoorBar } from '../domain/door-reason.ts';
import { passwdFile, thisAccount } from '../system/account.ts';
import { terminalsMend } from './terminals.ts';

/** `undefined` if it would, or if that can't be told. */
export function privateDoorBar(): PrivateDoorBar | undefined {
  const mend = terminalsMend();
  return mend === undefined ? liveBar() : { kind: 'no-terminals', mend };
}

/**
 * Where this platform's sshd looks for it. What PAM looks for besides, such as `/run/nologin`, does not matter to it.
 */
const nologin = process.platform === 'freebsd' ? '/var/run/nologin' : '/etc/nologin';

/** What may come up by itself while a pairing lives. */
export function liveBar(): Exclude<PrivateDoorBar, { kind: 'no-terminals' }> | undefined {
  if (process.geteuid?.() !== 0 && existsSync(nologin)) return { kind: 'no-logins', path: nologin };
  if (process.platform !== 'linux') return undefined; // Elsewhere a locked account has other marks.
  const { name } = thisAccount();
  const why = accountBar(name, read('/etc/shadow'), read(passwdFile), Date.now() / 86_400_000);
  return why && { kind: 'account-refused', user: name, why };
}

/**
 * What OpenSSH's `allowed_user` refuses without PAM; the pure half.
 * @param shadow as in shadow(5); empty if it can't be read
 * @param passwd as in passwd(5): its own password counts if `shadow` has none
 * @param today in days since the epoch
 */
export function accountBar(
  user: string,
  shadow: string,
  passwd: string,
  today: number,
): 'locked' | 'expired' | undefined {
  const hidden = entryOf(user, shadow);
  const last = hidden?.[7] ?? '';
  if (/^\d+$/.test(last) && Math.floor(today) > Number(last)) return 'expired';
  const password = (hidden ?? entryOf(user, passwd))?.[1] ?? '';
  return password.startsWith('!') ? 'locked' : undefined;
}

function entryOf(user: string, text: string): string[] | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${user}:`));
  return line?.split(':');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
