/** How to install a missing program. */
import { readFileSync } from 'node:fs';
import { type Installer, installers, installersOf, type Need } from '../domain/packages.ts';
import { which } from './which.ts';

const folders = ['/usr/bin', '/bin', '/sbin', '/usr/sbin', '/opt/homebrew/bin', '/usr/local/bin'];

/**
 * The package manager of this system, if it is one that we know. Others may be installed, too: Debian packages dnf,
 * Fedora apt.
 */
export function thisInstaller(): Installer | undefined {
  const names = process.platform === 'darwin' ? ['brew'] : installersOf(osRelease());
  const found = names.find((name) => which(name, folders));
  return found === undefined ? undefined : installers[found];
}

/** What to do about a missing program. */
export function installHint(need: Need, otherwise: string): string {
  const installer = thisInstaller();
  if (!installer) return otherwise;
  const command = `${installer.command} ${installer.packages[need]}`;
  return installer.needsRoot && process.geteuid?.() !== 0 ? `as root: ${command}` : command;
}

function osRelease(): string {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // The other may exist.
    }
  }
  return '';
}
