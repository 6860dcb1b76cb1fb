/** A guest of our own, who comes in and goes again: the only proof that one can. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../domain/failure.ts';
import { type Guest, labelsFor, type Reference } from '../domain/guest.ts';
import { parsePublicKey } from '../domain/public-key.ts';
import { makeKey } from '../door/host-key.ts';
import { tryLogin } from '../door/login.ts';
import { presences } from '../lease/presence.ts';
import { thisAccount } from '../spawn/account.ts';
import { type DoorIntent, onlyAddress } from './choose-door.ts';
import { endAccess } from './end.ts';
import type { Finding } from './finding.ts';
import { type Open, openPairing } from './open.ts';
import type { PairIntent, World } from './world.ts';

/** How long a login may take, in ms. */
const patience = 20_000;

export interface TrialIntent extends DoorIntent {
  readonly tmux?: string;
}

/**
 * Opens a pairing with a throw-away key for its one guest, logs in over loopback as they would, waits until they are in
 * the room, and ends it all.
 * @throws Stopped; what was opened by then has been closed again
 */
export async function tryPairing(intent: TrialIntent, world: World): Promise<Finding> {
  const folder = mkdtempSync(join(tmpdir(), 'tmuxpair-doctor-'));
  const log: string[] = [];
  const emit: World['emit'] = (event) => {
    if (event.kind === 'door-log') log.push(event.line);
    else if (event.kind !== 'door') world.emit(event);
  };
  try {
    const guest = await makeGuest(folder);
    const pairing = pairingFor(intent, guest.reference, folder);
    const open = await openPairing(pairing, Promise.resolve([guest]), { ...world, emit });
    const finding = await visit(open, intent, folder, world.stop).finally(() => endAccess(open.live));
    const failure = await endAccess(open.live);
    if (failure) throw new Refusal(failure);
    return finding.kind === 'no-login' ? { ...finding, log } : finding;
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'no-login', failure: error.failure, said: '', log };
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Comes in by the key in `folder`, and goes again. */
async function visit(
  { door, live }: Open,
  intent: TrialIntent,
  folder: string,
  stop: AbortSignal,
): Promise<Finding> {
  const since = performance.now();
  const host = onlyAddress(intent) ?? '127.0.0.1';
  const at = { user: thisAccount().name, host, port: door.port };
  const login = tryLogin({
    at,
    keyFile: join(folder, 'key'),
    hostKeys: (await door.known()).hostKeys,
    folder,
  });
  try {
    const outcome = await Promise.race([arrival(live.lease.folder, stop), login.ended]);
    const milliseconds = Math.round(performance.now() - since);
    if (outcome === 'in') return { kind: 'login', door: door.kind, port: door.port, milliseconds };
    return { kind: 'no-login', said: outcome ?? `not in after ${patience / 1000} s`, log: [] };
  } finally {
    login.end();
  }
}

async function makeGuest(folder: string): Promise<Guest> {
  const file = join(folder, 'key');
  await makeKey(file, 'tmuxpair doctor');
  const parsed = parsePublicKey(readFileSync(`${file}.pub`, 'latin1').trim());
  const reference: Reference = { provider: 'file', name: `${file}.pub`, text: 'tmuxpair doctor' };
  const [label] = labelsFor([reference]);
  if (!parsed.ok || label === undefined) throw new Error('ssh-keygen makes good keys');
  return { reference, label, access: 'read-write', keys: [parsed.key] };
}

function pairingFor(intent: TrialIntent, reference: Reference, folder: string): PairIntent {
  return {
    ...intent,
    references: [reference],
    access: 'read-write',
    ttl: 60,
    seat: 'nowhere',
    session: `doctor-${folder.slice(-6)}`,
    approve: false,
    bell: false,
    forward: [],
    gateExisting: false,
    copy: false,
    offline: true,
    refresh: false,
    acceptNewKeys: false,
    command: ['cat', '-'], // One word would go through $SHELL, which is not what is tried here.
  };
}

/** `in` once a gate has become tmux; `undefined` where none does in time. */
async function arrival(lease: string, stop: AbortSignal): Promise<'in' | undefined> {
  const until = performance.now() + patience;
  while (performance.now() < until) {
    stop.throwIfAborted();
    if (presences(lease).some(({ inside }) => inside)) return 'in';
    await sleep(20);
  }
  return undefined;
}
