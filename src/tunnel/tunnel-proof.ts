/**
 * Whether a tunnel leads here, tried from its far end: whoever answers there has to prove that they have our host key.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { inLease } from '../domain/lease-folder.ts';
import type { PublicKey } from '../domain/public-key.ts';
import type { TunnelTrouble, Untried } from '../domain/tunnel-trouble.ts';
import { capture } from '../spawn/capture.ts';
import { askArgs } from './jump-ssh.ts';

export interface ProofOptions {
  /** The control socket of the ssh that holds the tunnel open; a safe token. */
  readonly control: string;
  /** What that ssh has logged so far. */
  readonly logged: () => string;
  /** The port on the jump host's loopback. */
  readonly port: number;
  /** Of the sshd that is to answer. */
  readonly hostKeys: readonly PublicKey[];
  readonly user: string;
  /** A folder of our own, for files that ssh has to read and write. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

export type Proof =
  | { readonly kind: 'proven' }
  | { readonly kind: 'untried'; readonly why: Untried }
  | TunnelTrouble;

/** In ms; a distant jump host takes some seconds. */
const timeoutMs = 20_000;

/**
 * Begins a login through the tunnel, over the existing connection, and goes no further than the host key. The key comes
 * with a signature, so knowing it is not enough. Nobody's own key is offered.
 */
export async function proveTunnel(options: ProofOptions): Promise<Proof> {
  const { control, logged, port, hostKeys, user, folder, env } = options;
  if (hostKeys.length === 0) return { kind: 'untried', why: 'no-key' };
  const knownHosts = inLease(folder, 'tunnel-known');
  const log = inLease(folder, 'tunnel-proof');
  writeFileSync(knownHosts, hostKeys.map(({ type, base64 }) => `tunnel ${type} ${base64}\n`).join(''));
  writeFileSync(log, '');
  const through = ['ssh', ...askArgs(control, '-W', `127.0.0.1:${port}`)].map((word) =>
    word.replaceAll('%', '%%'),
  );
  const settings = {
    ProxyCommand: through.join(' '),
    UserKnownHostsFile: knownHosts,
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'yes',
    BatchMode: 'yes',
    PubkeyAuthentication: 'no',
    PreferredAuthentications: 'none',
    IdentityAgent: 'none',
    ConnectTimeout: '10',
    LogLevel: 'ERROR',
  };
  const args = ['-F', '/dev/null', '-E', log, '-N', ...Object.entries(settings).flatMap(toOption)];
  // ssh runs the other ssh through `$SHELL -c`.
  const told = await capture('ssh', [...args, '-l', user, '--', 'tunnel'], {
    env: { ...env, SHELL: '/bin/sh' },
    timeoutMs,
  });
  return judgeProof(port, { log: readLog(log), master: logged(), said: told.stderr });
}

/**
 * The pure half. In a log each line begins with words of our own ssh's, and what a server has sent it is in one line.
 * @param texts the log of the ssh that logs in, the log of the one that it goes through, and what both said besides
 */
export function judgeProof(
  port: number,
  texts: { readonly log: string; readonly master: string; readonly said: string },
): Proof {
  const { log, master, said } = texts;
  // It got as far as the login: the host key was right, and proven.
  if (/^(\S+@tunnel: )?Permission denied \(/m.test(log)) return { kind: 'proven' };
  if (/^(Host key verification failed|No \S+ host key is known for )/m.test(log))
    return { kind: 'astray', port };
  const refusals = [...master.matchAll(/^channel \d+: open failed: (.*?)\r?$/gm)].map(([, why = '']) => why);
  if (refusals.at(-1)?.startsWith('administratively prohibited')) return { kind: 'untried', why: 'refused' };
  return { kind: 'unanswered', port, said: refusals.at(-1) ?? lastLine(`${said}\n${log}`) };
}

/** The last line of what ssh said that is not noise. */
export function lastLine(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim().replace(/^mux_?[a-z_]+: /, ''));
  return lines.findLast((line) => line !== '' && !line.startsWith('Warning: Permanently added ')) ?? '';
}

export function readLog(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // Nothing has been logged.
  }
}

function toOption([name, value]: [string, string]): string[] {
  return ['-o', `${name}=${value}`];
}
