import { existsSync, realpathSync } from 'node:fs';
import { findSshd } from '../door/sshd-version.ts';
import { thisAccount } from '../system/account.ts';
import { homeFolder } from '../system/home.ts';
import { thisInstaller } from '../system/installer.ts';
import type { Machine } from './finding.ts';

/** What a fix depends on. */
export function thisMachine(env: NodeJS.ProcessEnv): Machine {
  const macos = process.platform === 'darwin';
  return {
    isRoot: process.geteuid?.() === 0,
    user: thisAccount().name,
    home: realHome(env),
    installer: thisInstaller(),
    services: macos ? 'launchd' : existsSync('/run/systemd/system') ? 'systemd' : 'by hand',
    sshd: sshdOr('/usr/sbin/sshd', env),
  };
}

function sshdOr(fallback: string, env: NodeJS.ProcessEnv): string {
  try {
    return findSshd(env);
  } catch {
    return fallback;
  }
}

function realHome(env: NodeJS.ProcessEnv): string {
  try {
    return realpathSync(homeFolder(env));
  } catch {
    return '/'; // As if there were none.
  }
}
