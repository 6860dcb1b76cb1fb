/** A guest of our own, who joins and leaves again: the only proof that guests can. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../domain/failure.ts';
import { type Guest, isNonEmpty, labelsFor, type NonEmpty, type Reference } from '../domain/guest.ts';
import type { PairIntent, TrialIntent } from '../domain/intent.ts';
import { type PublicKey, parsePublicKey } from '../domain/public-key.ts';
import type { ShellBlock } from '../domain/shell-block.ts';
import { makeKey } from '../door/host-key.ts';
import { tryLogin } from '../door/login.ts';
import { sshdVersion } from '../door/sshd-version.ts';
import type { SystemDoor } from '../door/system.ts';
import { addressToTry } from '../entrance/addresses.ts';
import type { DoorChoice, KeyKind, ProofWorld, Trial } from '../entrance/door-choice.ts';
import { makeOwnFolder } from '../lease/lease.ts';
import { presences } from '../lease/presence.ts';
import { noteEnvironment } from '../lease/probe.ts';
import { openRunDirectory } from '../lease/run-directory.ts';
import { steering } from '../shell/login-environment.ts';
import { thisAccount } from '../system/account.ts';
import type { PairingContext } from './context.ts';
import { endAccess } from './end.ts';
import type { Live } from './live.ts';
import { openPairing } from './open.ts';

/** How long a login may take, in ms. Beside a pairing, the host waits for it. */
const loginTimeoutMs = { alone: 20_000, beside: 8000 };

/** How many keys of others go with one of our own: sshd allows 6 tries by default, and some are set to fewer. */
const offeredAtOnce = 2;

/**
 * Opens a pairing with throw-away keys for its one guest, logs in to this machine as a guest would, with each key in
 * turn, waits until it is in the room, and ends everything.
 * @param choose the door to try
 * @param at the address to connect to, if it is not the one that the door was found at
 * @param onBlock gets what kept a guest of the chosen sshd from the gate, if a private one was used instead
 * @param offer keys of others, to find out whether sshd would accept them; in the same connections, since one without a
 * login counts against this machine
 * @throws Refusal; Stopped; what was opened by then has been closed again
 */
export async function tryPairing(
  intent: TrialIntent,
  kinds: NonEmpty<KeyKind>,
  world: PairingContext,
  choose: (sshd: string) => Promise<DoorChoice>,
  {
    wait = loginTimeoutMs.alone,
    at,
    offer = [],
    onBlock = () => {},
  }: {
    readonly wait?: number;
    readonly at?: string;
    readonly offer?: readonly PublicKey[];
    readonly onBlock?: (block: ShellBlock) => void;
  } = {},
): Promise<Trial> {
  // It holds a key that lets in, so nobody else may be able to replace that key.
  const folder = makeOwnFolder(openRunDirectory(world.env));
  const log: string[] = [];
  const emit: PairingContext['emit'] = (event) => {
    if (event.kind === 'door-log') log.push(event.line);
    else if (event.kind !== 'door') world.emit(event);
    else if (event.why.kind === 'shell') onBlock(event.why.block);
  };
  try {
    const guest = await makeGuest(folder, kinds);
    const pairing = pairingFor(intent, guest.reference, folder);
    const live = await openPairing(pairing, Promise.resolve([guest]), { ...world, emit }, choose);
    const visited = visit(live, { folder, wait, at, offer }, world.stop);
    await visited.catch(() => {}); // Awaited below.
    const failure = await endAccess(live);
    const trial = await visited;
    if (failure) throw new Refusal(failure);
    return { ...trial, log };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Tries an sshd of the system's beside a pairing of this intent, and reports nothing of it. */
export function trialOf(
  intent: TrialIntent,
  world: PairingContext,
  giveUp: AbortSignal,
): ProofWorld['attempt'] {
  const { ask: _, ...quiet } = { ...world, hasTerminal: false, emit: () => {}, stop: giveUp };
  return async (system, kinds, offer) => {
    const at = await addressToTry(intent, world.env, system);
    const wait = loginTimeoutMs.beside;
    return tryPairing(intent, kinds, quiet, (sshd) => chosen(system, sshd), { wait, at, offer });
  };
}

async function chosen(system: SystemDoor, sshd: string): Promise<DoorChoice> {
  const version = system.version() ?? (await sshdVersion(sshd));
  const none = async () => [];
  return { kind: 'system', system, version, why: { kind: 'asked' }, doubts: none, untried: none };
}

/** Logs in with each of the keys in `folder`, and leaves again. */
async function visit(
  live: Live,
  {
    folder,
    wait,
    at,
    offer,
  }: { folder: string; wait: number; at: string | undefined; offer: readonly PublicKey[] },
  stop: AbortSignal,
): Promise<Omit<Trial, 'log'>> {
  const { door } = live;
  const { kind, port } = door;
  const { hostKeys } = await door.known();
  const logins: Trial['logins'][number][] = [];
  let [milliseconds, shown]: [number, PublicKey[]] = [0, []];
  const accepted: PublicKey[] = [];
  const environment = noteEnvironment(live.lease.folder);
  const own = live.roster.guests[0]?.keys ?? [];
  const rounds = Math.max(own.length, Math.ceil(offer.length / offeredAtOnce));
  for (let round = 0; round < rounds; round++) {
    const which = Math.min(round, own.length - 1);
    const type = own[which]?.type ?? 'ssh-ed25519';
    const offered = offer.slice(round * offeredAtOnce, (round + 1) * offeredAtOnce).map((key, n) => {
      const file = join(folder, `offer-${round}-${n}.pub`);
      writeFileSync(file, `${key.type} ${key.base64}\n`);
      return { key, file };
    });
    const since = performance.now();
    const login = tryLogin({
      at: { user: thisAccount().name, host: at ?? door.host, port },
      keyFile: join(folder, String(which)),
      offer: offered.map(({ file }) => file),
      hostKeys,
      send: bait,
      folder,
    });
    try {
      const outcome = await Promise.race([arrival(live.lease.folder, which + 1, wait, stop), login.ended]);
      milliseconds = Math.round(performance.now() - since);
      shown = login.shown();
      for (const { key, file } of offered) if (login.accepted().includes(file)) accepted.push(key);
      logins.push({
        type,
        isIn: outcome === 'in',
        said: outcome === 'in' ? '' : (outcome?.replace(/\.$/, '') ?? `not in after ${wait / 1000} s`),
      });
    } finally {
      login.end();
    }
    if (logins.at(-1)?.isIn !== true) break;
  }
  const entries = environment();
  const taken = Object.entries(bait).flatMap(([name, value]) =>
    entries.includes(`${name}=${value}`) ? [name] : [],
  );
  return { door: kind, port, milliseconds, logins, accepted, taken, shown, environment: steering(entries) };
}

/**
 * What a guest's ssh may try to set: a name that only a pattern for all lets through, and some that shells or the
 * linker obey. No value does anything if it arrives; our own ssh keeps the libraries that it needs.
 */
const bait: Readonly<Record<string, string>> = {
  TMUXPAIR_TRIAL: 'tmuxpair-trial',
  BASH_ENV: '/dev/null/tmuxpair-trial',
  ENV: '/dev/null/tmuxpair-trial',
  ZDOTDIR: '/dev/null/tmuxpair-trial',
  XDG_CONFIG_HOME: '/dev/null/tmuxpair-trial',
  LD_TMUXPAIR: 'tmuxpair-trial',
  LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH ?? '/dev/null/tmuxpair-trial',
  'BASH_FUNC_tmuxpair%%': '() {  :\n}',
};

async function makeGuest(folder: string, kinds: NonEmpty<KeyKind>): Promise<Guest> {
  const keys = await Promise.all(
    kinds.map(async ({ type, bits }, at) => {
      const file = join(folder, String(at));
      const [, curve] = /^ecdsa-sha2-nistp(\d+)$/.exec(type) ?? [];
      if (curve !== undefined) await makeKey(file, 'tmuxpair trial', 'ecdsa', Number(curve));
      else await makeKey(file, 'tmuxpair trial', type === 'ssh-rsa' ? 'rsa' : 'ed25519', bits);
      const parsed = parsePublicKey(readFileSync(`${file}.pub`, 'latin1').trim());
      if (!parsed.ok) throw new Error('ssh-keygen makes good keys');
      return parsed.key;
    }),
  );
  const reference: Reference = {
    provider: 'file',
    name: join(folder, 'tmuxpair-trial.pub'),
    text: 'tmuxpair trial',
  };
  const [label] = labelsFor([reference]);
  if (!isNonEmpty(keys) || label === undefined) throw new Error('there is a kind, and so a key');
  return { reference, label, access: 'read-write', keys };
}

function pairingFor(intent: TrialIntent, reference: Reference, folder: string): PairIntent {
  // Field by field: the intent may be a whole pairing's, whose session must not be shared and whose end must not be
  // this one's.
  const { door, port, bind, keyFile, keyFileNamed, tmux } = intent;
  return {
    door,
    keyFile,
    keyFileNamed,
    ...(port === undefined ? {} : { port }),
    ...(bind === undefined ? {} : { bind }),
    ...(tmux === undefined ? {} : { tmux }),
    references: [reference],
    access: 'read-write',
    ttl: 60,
    hostMode: 'nowhere',
    session: `doctor-${basename(folder).slice(7, 13)}`,
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

/** `in` once the gate of that key has become tmux; `undefined` if none does in time. */
async function arrival(
  lease: string,
  key: number,
  wait: number,
  stop: AbortSignal,
): Promise<'in' | undefined> {
  const until = performance.now() + wait;
  while (performance.now() < until) {
    stop.throwIfAborted();
    if (presences(lease).some((one) => one.inside && one.key === key)) return 'in';
    await sleep(20);
  }
  return undefined;
}
