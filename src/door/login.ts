/** A login to this machine, as a guest's own ssh makes it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { PublicKey } from '../domain/public-key.ts';
import { keysIn } from './served-keys.ts';
import type { SshTarget } from './ssh-command.ts';

export interface LoginOptions {
  readonly at: SshTarget;
  /** The file of a private key without a passphrase. */
  readonly keyFile: string;
  /**
   * Files of public keys to offer first. Without their private halves, ssh reports only whether sshd would accept them.
   */
  readonly offer?: readonly string[];
  /** Of the sshd that is to answer; if there are none, any is believed. */
  readonly hostKeys: readonly PublicKey[];
  /** Variables for ssh to send, as a guest's could. */
  readonly send?: Readonly<Record<string, string>>;
  /** A folder of our own, for what ssh has to read. */
  readonly folder: string;
}

export interface Attempt {
  /** Resolves when ssh has ended, with what it said. */
  readonly ended: Promise<string>;
  /** The host key that was shown, once there is one. */
  shown(): PublicKey[];
  /** Those of the offered files whose keys sshd would accept. */
  accepted(): readonly string[];
  end(): void;
}

/** Starts an `ssh -tt` in which nothing of the user's own configuration, agent or known hosts has a part. */
export function tryLogin({ at, keyFile, offer = [], hostKeys, send = {}, folder }: LoginOptions): Attempt {
  const knownHosts = join(folder, 'known_hosts');
  const name = at.port === 22 ? at.host : `[${at.host}]:${at.port}`;
  writeFileSync(knownHosts, hostKeys.map(({ type, base64 }) => `${name} ${type} ${base64}\n`).join(''));
  const settings = {
    IdentitiesOnly: 'yes',
    BatchMode: 'yes',
    PreferredAuthentications: 'publickey',
    UserKnownHostsFile: knownHosts,
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: hostKeys.length > 0 ? 'yes' : 'accept-new',
    ControlPath: 'none',
    ConnectTimeout: '10',
    ...(Object.keys(send).length > 0 ? { SendEnv: Object.keys(send).join(' ') } : {}),
    LogLevel: offer.length > 0 ? 'DEBUG1' : 'ERROR', // At this level ssh reports that a key would be accepted.
  };
  const identities = [...offer, keyFile].map((file) => ['IdentityFile', file]);
  const options = [...identities, ...Object.entries(settings)].flatMap(([key, value]) => [
    '-o',
    `${key}=${value}`,
  ]);
  const args = ['-F', '/dev/null', '-tt', ...options, '-p', String(at.port), '-l', at.user, '--', at.host];
  const child = spawn('ssh', args, {
    env: { ...process.env, ...send, TERM: 'xterm-256color' },
    stdio: ['pipe', 'pipe', 'pipe'], // Standard input stays open: its end would end the login.
  });
  child.stdout.resume();
  const said: string[] = [];
  const accepted: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    const [, key] = /^debug1: Server accepts key: (\S+) /.exec(line) ?? [];
    if (key !== undefined && offer.includes(key)) accepted.push(key);
    if (!advice.test(line) && (offer.length === 0 || !smallTalk.test(line))) said.push(line.trim());
  });
  const ended = once(child, 'close').then(
    // ssh puts a banner of many lines in front of it.
    () => said.find((line) => unknownHost.test(line)) ?? said.filter((line) => line !== '').join('; '),
    (error: unknown) => String(error),
  );
  const shown = (): PublicKey[] => keysIn(readFileSync(knownHosts, 'latin1'));
  return { ended, shown, accepted: () => accepted, end: () => void child.kill() };
}

const unknownHost = /^Host key verification failed/;

/** From 10.1 on, about a key exchange that a quantum computer could break: three lines that explain nothing here. */
const advice = /^\*\* /;

/** What else ssh says at the level that reports keys, including those whose private halves it does not have. */
const smallTalk =
  /^(debug1: |OpenSSH_|Authenticated to |Transferred: |Bytes per second: |Load key |sign_and_send_pubkey: |Warning: Permanently added )/;

/** The version of the ssh on `PATH`; `undefined` if there is none. */
export async function sshVersion(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { execa } = await import('execa');
  const { all = '' } = await execa('ssh', ['-V'], {
    reject: false,
    stdin: 'ignore',
    all: true,
    extendEnv: false,
    env,
    timeout: 5000,
  });
  return /OpenSSH_([^\s,]+)/.exec(all)?.[1];
}
