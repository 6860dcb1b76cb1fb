/** What the doctor checks, one by one. */
import { fetchKeys, parseReference } from '../../providers/index.ts';
import { slotsPerHost } from '../../providers/slots.ts';
import type { Doubt } from '../domain/doubt.ts';
import { Refusal } from '../domain/failure.ts';
import type { TrialIntent } from '../domain/intent.ts';
import { effectOf, type Obstacle } from '../domain/obstacle.ts';
import { findSsh } from '../door/find-ssh.ts';
import { typesRefused } from '../door/key-rules.ts';
import type { Known } from '../door/known.ts';
import { sshVersion } from '../door/login.ts';
import { findSshd, sshdVersion } from '../door/sshd-version.ts';
import type { SystemDoor } from '../door/system.ts';
import type { DoorChoice } from '../entrance/door-choice.ts';
import { openKeyring } from '../keyring/keyring.ts';
import { openRunDirectory } from '../lease/run-directory.ts';
import type { PairingContext } from '../pairing/context.ts';
import { findTmux, tmuxVersion } from '../room/tmux.ts';
import type { Check, Finding } from './finding.ts';

/** How long, in ms, a forge may take to answer. */
const timeoutMs = 4000;

/** All is well. */
export function ok(finding: Finding): Check {
  return { level: 'ok', finding };
}

export async function findTheTmux({ tmux }: TrialIntent, env: NodeJS.ProcessEnv): Promise<Check> {
  return attempt('tmux', async () => {
    const path = findTmux(env, tmux);
    return { kind: 'tmux', path, version: await tmuxVersion(path) };
  });
}

export async function findTheSsh(env: NodeJS.ProcessEnv): Promise<Check> {
  return attempt('ssh', async () => {
    const version = (await sshVersion(env)) ?? '';
    if (version === '') findSsh(env);
    return { kind: 'ssh', version };
  });
}

export async function findTheSshd(env: NodeJS.ProcessEnv): Promise<Check> {
  return attempt('sshd', async () => {
    const path = findSshd(env);
    return { kind: 'sshd', path, version: (await sshdVersion(path)).join('.') };
  });
}

async function attempt(program: 'tmux' | 'ssh' | 'sshd', find: () => Promise<Finding>): Promise<Check> {
  try {
    return ok(await find());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { level: 'fail', finding: { kind: 'program', program, failure: error.failure } };
  }
}

/** What the machine's own sshd is like, if it matters: guests come through it, or could have. */
export async function systemChecks(choice: DoorChoice, keyFile: string): Promise<Check[]> {
  const { system, why } = choice;
  if (!system) return [];
  const others = why.kind === 'unproven' && why.port !== system.port ? why.doubts : [];
  const elsewhere = others.map((doubt) => doubtCheck(doubt, 'port' in why ? why.port : system.port, 'warn'));
  return [...elsewhere, ...(await checksOf(choice, system, keyFile))];
}

async function checksOf(choice: DoorChoice, system: SystemDoor, keyFile: string): Promise<Check[]> {
  const bad = choice.kind === 'system' ? 'fail' : 'warn';
  const known = await system.known();
  if (!known.answers) {
    const level = choice.kind === 'system' ? 'fail' : 'ok';
    return [{ level, finding: { kind: 'sshd-silent', port: system.port } }];
  }
  const { port } = system;
  const { asked, configFile, greeting } = known;
  const obstacles = [...known.obstacles, ...typesRefused(known.rules)];
  const doubts =
    choice.kind === 'system'
      ? await choice.untried() // The doctor logs in itself.
      : choice.why.kind === 'unproven'
        ? choice.why.doubts
        : known.doubts;
  const isSshd = greeting.kind === 'openssh';
  const answers = { kind: 'sshd-answers', port, asked, configFile } as const;
  return [
    ...(isSshd ? [{ level: asked ? 'ok' : 'warn', finding: answers } as const] : []),
    ...doubts
      .filter(({ kind }) => kind !== 'settings-unread') // That has just been reported.
      .map((doubt) =>
        doubtCheck(doubt, port, /^(refusing|loopback-only|reached-nowhere)$/.test(doubt.kind) ? 'warn' : bad),
      ),
    ...obstacles.map(
      (obstacle): Check => ({
        level: keepsUsOut(obstacle) ? bad : 'warn',
        finding: obstacleFinding(obstacle, known, keyFile),
      }),
    ),
  ];
}

function doubtCheck(doubt: Doubt, port: number, level: 'warn' | 'fail'): Check {
  return { level, finding: { kind: 'doubt', port, doubt } };
}

/** Whether it keeps out the guest of the trial login, whose key is an ed25519 one. */
function keepsUsOut(obstacle: Obstacle): boolean {
  if (obstacle.kind === 'some-keys-refused') return obstacle.types.includes('ssh-ed25519');
  return effectOf(obstacle) === 'keeps-out' && obstacle.when === undefined;
}

function obstacleFinding(
  obstacle: Known['obstacles'][number],
  { configFile, pid }: Known,
  keyFile: string,
): Finding {
  return { kind: 'obstacle', obstacle, configFile, keyFile, ...(pid === undefined ? {} : { pid }) };
}

export function checkRunDirectory(env: NodeJS.ProcessEnv): Check {
  try {
    return ok({ kind: 'run-directory', path: openRunDirectory(env) });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { level: 'fail', finding: { kind: 'run-directory-refused', failure: error.failure } };
  }
}

export async function askKeychain(env: NodeJS.ProcessEnv): Promise<Check> {
  const keyring = openKeyring({ env });
  try {
    const trouble = await keyring.trouble();
    return trouble ? { level: 'warn', finding: { kind: 'keychain', trouble } } : ok({ kind: 'keychain' });
  } finally {
    await keyring.close();
  }
}

/** Asks for somebody's keys. It is an answer, too, that there is nobody of that name, or that they have none. */
export async function askForge(name: string, { env, stop }: PairingContext): Promise<Check> {
  try {
    const reference = parseReference(name, env);
    const forge = reference.host ?? reference.provider;
    const late = AbortSignal.timeout(timeoutMs);
    try {
      await fetchKeys(reference, { env, signal: AbortSignal.any([stop, late]), slots: slotsPerHost(2) });
    } catch (error) {
      stop.throwIfAborted();
      const seconds = timeoutMs / 1000;
      const failure = late.aborted
        ? ({ kind: 'forge-timeout', reference: name, host: forge, seconds } as const)
        : error instanceof Refusal
          ? error.failure
          : undefined;
      if (!failure) throw error;
      if (failure.kind !== 'guest-unknown' && failure.kind !== 'no-keys')
        return { level: 'warn', finding: { kind: 'forge', name: forge, failure } };
    }
    return ok({ kind: 'forge', name: forge });
  } catch (error) {
    // The environment names a forge from which keys must not come.
    if (!(error instanceof Refusal)) throw error;
    return { level: 'warn', finding: { kind: 'forge', name, failure: error.failure } };
  }
}
