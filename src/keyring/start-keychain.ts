import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { KeychainTrouble } from '../domain/keyring-warning.ts';
import { isOwn } from '../system/ownership.ts';
import { failed, ok, type Result } from './pin-store.ts';

export type KeychainProcess = ChildProcessByStdio<Writable, Readable, null>;

/** Starts a process that runs `serveKeychain`, with its standard input and output as pipes. */
export type StartKeychain = (env: NodeJS.ProcessEnv) => Result<KeychainProcess, KeychainTrouble>;

/**
 * Starts the build's `keychain.js` with this Node; the build puts this code into a folder beside it. A standalone
 * executable is its own keychain process.
 */
export const startKeychain: StartKeychain = (env) => {
  if (process.versions.bun !== undefined) return ok(spawnKeychain(process.execPath, ['keychain'], env));
  const file = join(__dirname, '../keychain.js');
  return existsSync(file)
    ? ok(spawnKeychain(process.execPath, [file], env))
    : failed({ cause: 'not-installed' });
};

/**
 * Starts it in a process group of its own, so Ctrl-C at the terminal does not end it in the middle of a write. Drops
 * its stderr, where libraries write warnings.
 */
export function spawnKeychain(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): KeychainProcess {
  // Reading certificates, which it has no use for, may take Node longer than everything else that it does.
  const { NODE_EXTRA_CA_CERTS: _, ...needed } = env;
  return spawn(program, args, {
    env: needed,
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
    cwd: '/',
  });
}

/**
 * Whether there is a session bus to find a Secret Service on, without asking it: an address in the environment, or the
 * socket in the runtime directory. If `DISPLAY` alone made libraries start a bus, we would leave it behind.
 */
export function hasSessionBus(env: NodeJS.ProcessEnv): boolean {
  const { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: runtime } = env;
  if (!address) return runtime !== undefined && isOwnSocket(join(runtime, 'bus'));
  return address.split(';').some((one) => {
    const path = /^unix:(?:.*,)?path=([^,;]+)/.exec(one)?.[1];
    return path === undefined || path.includes('%') || isOwnSocket(path);
  });
}

/** Another account's bus, as in a `sudo -E` shell, leads to that account's keychain, which would let root in. */
function isOwnSocket(path: string): boolean {
  try {
    const stats = statSync(path);
    return stats.isSocket() && isOwn(stats);
  } catch {
    return false;
  }
}
