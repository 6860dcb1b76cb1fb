import { existsSync } from 'node:fs';
import { findSshd } from '../door/sshd-version.ts';
import { thisAccount } from '../spawn/account.ts';
import type { Machine } from './finding.ts';

const installers = [
  ['/usr/bin/apt-get', 'apt-get install'],
  ['/usr/bin/dnf', 'dnf install'],
  ['/usr/bin/yum', 'yum install'],
  ['/usr/bin/zypper', 'zypper install'],
  ['/usr/bin/pacman', 'pacman -S'],
  ['/sbin/apk', 'apk add'],
  ['/opt/homebrew/bin/brew', 'brew install'],
  ['/usr/local/bin/brew', 'brew install'],
] as const;

/** What a mend depends on. */
export function thisMachine(env: NodeJS.ProcessEnv): Machine {
  const macos = process.platform === 'darwin';
  return {
    isRoot: process.geteuid?.() === 0,
    user: thisAccount().name,
    install: installers.find(([path]) => existsSync(path))?.[1],
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
