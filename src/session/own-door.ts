/** A door of our own, opened on a lease. */
import { join } from 'node:path';
import { refuse } from '../domain/failure.ts';
import type { Label } from '../domain/guest.ts';
import type { Fingerprint, PublicKey } from '../domain/public-key.ts';
import { openHostKey } from '../door/host-key.ts';
import type { Ways } from '../door/host-name.ts';
import type { KeyRules } from '../door/key-rules.ts';
import { openPrivateDoor, preferredPort } from '../door/private.ts';
import type { SshdVersion } from '../door/sshd-version.ts';
import { terminalsMend } from '../door/terminals.ts';
import { isGateOpen, type Lease, sever } from '../lease/lease.ts';
import { forgetGroup, nameConnection } from '../lease/presence.ts';
import { machineName } from '../lease/process.ts';
import { stateDirectory } from '../lease/run-directory.ts';
import { thisAccount } from '../spawn/account.ts';
import type { DoorIntent } from './choose-door.ts';
import type { Event } from './events.ts';

/** What a door is opened on. */
export interface Doorstep {
  readonly lease: Lease;
  /** Gets what lets nobody in any more. Whoever is in is the lease's to end. */
  readonly closing: (() => void)[];
}

/** What a door needs of the world. */
export interface DoorWorld {
  readonly env: NodeJS.ProcessEnv;
  /** Absolute path of sshd, and its version. */
  readonly sshd: string;
  readonly version: SshdVersion;
  /** What the guest's line may call this machine. Resolves late, and does not reject. */
  readonly ways: (port: number) => Promise<Ways>;
  /** Whether there is a guest who may reach forwarded ports: nobody who may only look. */
  readonly canForward: () => boolean;
  /** Whose key that is. */
  readonly labelOf: (fingerprint: Fingerprint) => Label | undefined;
  readonly emit: (event: Event) => void;
}

/**
 * Opens it. Nobody comes in before lines are granted.
 * @param port to listen on; any where absent
 * @throws Refusal `no-terminals`, `host-key-refused`, `port-refused`, `program-failed`
 */
export async function openOwnDoor(
  port: number | undefined,
  intent: DoorIntent,
  { lease, closing }: Doorstep,
  world: DoorWorld,
): Promise<{ readonly port: number; readonly hostKey: PublicKey; readonly rules: readonly KeyRules[] }> {
  const user = thisAccount().name;
  const { folder } = lease;
  const mend = terminalsMend();
  if (mend !== undefined) refuse({ kind: 'no-terminals', mend });
  const hostKey = await openHostKey(hostKeyFolder(world.env));
  const door = await openPrivateDoor({
    sshd: world.sshd,
    version: world.version,
    configFile: join(folder, 'sshd_config'),
    keyFile: lease.keyFile,
    emptyHome: lease.emptyHome,
    hostKeyFile: hostKey.file,
    user,
    forward: intent.forward,
    bind: intent.bind ?? (intent.via ? '127.0.0.1' : undefined),
    port,
    preferred: preferredPort(`${user}@${machineName()}`),
    admit: ['/bin/sh', lease.admit, 'con'],
    onLogin: ({ leader, fingerprint }) => {
      const name = (): boolean => {
        const label = world.labelOf(fingerprint);
        if (label !== undefined) nameConnection(folder, leader, label);
        // Kicked between sshd's look at the keys and ours at its log.
        if (label !== undefined && !isGateOpen(lease, label)) sever(folder, label).catch(() => {});
        return label !== undefined;
      };
      // One who is being invited is written to the file before they are known here.
      if (!name()) setTimeout(() => name() || forgetGroup(folder, leader), 1000).unref();
    },
    onEnd: (leader) => forgetGroup(folder, leader),
    onLog: (line) => world.emit({ kind: 'door-log', line }),
  });
  closing.push(door.close);
  return { port: door.port, hostKey: hostKey.key, rules: door.rules };
}

/** Where the host key of an account's own doors is kept. */
export function hostKeyFolder(env: NodeJS.ProcessEnv): string {
  return join(stateDirectory(env), 'door');
}
