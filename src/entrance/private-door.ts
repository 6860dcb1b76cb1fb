/** A private sshd, opened on a lease. */

import { join } from 'node:path';
import type { Event } from '../domain/events.ts';
import { refuse } from '../domain/failure.ts';
import type { Guest, Label } from '../domain/guest.ts';
import type { DoorIntent } from '../domain/intent.ts';
import { inLease } from '../domain/lease-folder.ts';
import type { Refused } from '../domain/login-refusal.ts';
import type { Fingerprint, PublicKey } from '../domain/public-key.ts';
import { openHostKey } from '../door/host-key.ts';
import type { Ways } from '../door/host-name.ts';
import type { KeyRules } from '../door/key-rules.ts';
import { preferredPort, startPrivateSshd } from '../door/private.ts';
import { privateDoorBar } from '../door/private-door-bar.ts';
import type { SshdVersion } from '../door/sshd-version.ts';
import type { Lease } from '../lease/lease.ts';
import { machineName } from '../lease/process.ts';
import { stateDirectory } from '../lease/run-directory.ts';
import { thisAccount } from '../system/account.ts';
import type { Resources } from '../system/resources.ts';
import { type LoginsWorld, watchLogins } from './logins.ts';
import type { DoorPlace } from './open-door.ts';

/** What a door is opened on. */
export interface Doorstep {
  readonly lease: Lease;
  /** Gets what lets somebody in. Guests who are in are the lease's to end. */
  readonly waysIn: Resources;
}

/** What a door needs from the world. */
export interface DoorWorld {
  readonly env: NodeJS.ProcessEnv;
  /** Absolute path of sshd, and its version. */
  readonly sshd: string;
  readonly version: SshdVersion;
  /** What the guest's line may call this machine. Resolves late, and does not reject. */
  readonly ways: (place: DoorPlace) => Promise<Ways>;
  /** Whether there is a guest who may reach forwarded ports: read-only guests may not. */
  readonly canForward: () => boolean;
  /** The guest whose key that is. */
  readonly guestOf: (fingerprint: Fingerprint) => Guest | undefined;
  /** A guest has logged in. */
  readonly note: (label: Label) => void;
  readonly caps: LoginsWorld['caps'];
  readonly emit: (event: Event) => void;
}

/**
 * Opens a private sshd. Nobody comes in before lines are granted.
 * @param port to listen on; any if absent
 * @param tell reports to the host what comes of logins
 * @throws Refusal those of `privateDoorBar`; `host-key-refused`, `port-refused`, `program-failed`
 */
export async function openPrivateDoor(
  port: number | undefined,
  intent: DoorIntent,
  { lease, waysIn }: Doorstep,
  world: DoorWorld,
  tell: (event: Event) => void,
): Promise<{
  readonly port: number;
  readonly host: string;
  readonly hostKey: PublicKey;
  readonly rules: readonly KeyRules[];
}> {
  const user = thisAccount().name;
  const { folder } = lease;
  const bar = privateDoorBar();
  if (bar) refuse(bar);
  const hostKey = await openHostKey(hostKeyFolder(world.env));
  const { guestOf, note, caps } = world;
  const mayForward = ({ access }: Guest): boolean =>
    intent.forward === 'any' || (intent.forward.length > 0 && access === 'read-write');
  const logins = watchLogins({ lease, guestOf, caps, mayForward, note, tell });
  const door = await startPrivateSshd({
    sshd: world.sshd,
    version: world.version,
    configFile: inLease(folder, 'sshd_config'),
    keyFile: lease.keyFile,
    emptyHome: lease.emptyHome,
    hostKeyFile: hostKey.file,
    user,
    forward: intent.forward,
    bind: intent.bind ?? (intent.via ? '127.0.0.1' : undefined),
    port,
    preferred: preferredPort(`${user}@${machineName()}`),
    admit: ['/bin/sh', lease.admit, 'con'],
    onLogin: logins.login,
    onSession: logins.session,
    onEnd: logins.end,
    onRefused: sparsely(({ address, why }) => tell({ kind: 'login-refused', address, why })),
    onLog: (line) => world.emit({ kind: 'door-log', line }),
  });
  waysIn.add('sshd', door.close);
  return { port: door.port, host: door.host, hostKey: hostKey.key, rules: door.rules };
}

/** In ms: strangers knock often, and the host is told at most once in this time. */
const silence = 60_000;

function sparsely(tell: (refused: Refused) => void): (refused: Refused) => void {
  const told = new Map<string, number>();
  return (refused) => {
    const now = performance.now();
    if (now - (told.get(refused.why) ?? Number.NEGATIVE_INFINITY) < silence) return;
    told.set(refused.why, now);
    tell(refused);
  };
}

/** The folder of the host key of an account's private sshds. */
export function hostKeyFolder(env: NodeJS.ProcessEnv): string {
  return join(stateDirectory(env), 'door');
}
