import { accessSync, constants } from 'node:fs';
import { basename } from 'node:path';
import { thisAccount } from '../system/account.ts';

export type ShellTrouble = 'missing' | 'not-executable' | 'refuses';

/** The account's login shell, with which sshd runs the gate, and any trouble with it. */
export function loginShell(): { readonly path: string; readonly trouble?: ShellTrouble } {
  const path = thisAccount().shell;
  if (path === '') return { path: '/bin/sh' }; // As login(1) does.
  if (/^(nologin|false|true|sync)$/.test(basename(path))) return { path, trouble: 'refuses' };
  try {
    accessSync(path, constants.X_OK);
    return { path };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { path, trouble: missing ? 'missing' : 'not-executable' };
  }
}
