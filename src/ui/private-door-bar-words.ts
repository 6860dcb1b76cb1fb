/** Why a private sshd refuses an account, in words. */
import { shWord } from '../domain/sh-word.ts';
import { printable } from '../domain/text.ts';

interface AccountBar {
  readonly user: string;
  readonly why: 'locked' | 'expired';
}

export function accountBarWords({ user, why }: AccountBar): string {
  return why === 'locked'
    ? `the password of ${printable(user)} is locked, which sshd takes for a locked account`
    : `the account ${printable(user)} has expired`;
}

export function noLoginsWords({ path }: { readonly path: string }): string {
  return `${printable(path)} is there, with which sshd lets nobody in but root`;
}

/** The command that lets keys in. Passwords stay off: nobody can give one that matches `*`. */
export function accountMend({ user, why }: AccountBar): string {
  return `${why === 'locked' ? "usermod -p '*'" : 'chage -E -1'} ${shWord(user)}`;
}
