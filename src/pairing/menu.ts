/** The host's menu: the guests, and what the host can do about them. */

import { type Failure, Refusal } from '../domain/failure.ts';
import type { PairingInfo } from '../domain/pairing-info.ts';
import { showMenu } from '../room/menu.ts';
import type { Menu } from '../room/menu-script.ts';
import { extend, kick, setAccess } from './change.ts';
import type { GuestAction, Menus, PairingAction } from './context.ts';
import type { HostPresence } from './host-presence.ts';
import type { Live } from './live.ts';
import { pairingInfoOf } from './pairing-info.ts';

/** Seconds. */
const extension = 30 * 60;

export interface MenuContext {
  readonly host: HostPresence;
  readonly menus: Menus;
  /** Ends the pairing; does not wait for the end. */
  readonly stop: () => void;
}

/**
 * Shows the menu to the host who pressed its key, and does what they choose. A guest's client gets none.
 * @param pid the process of their tmux client
 */
export async function openMenu(live: Live, context: MenuContext, pid: number): Promise<void> {
  const { host, menus, stop } = context;
  const { room } = live;
  const client = (await host.clients()).find((one) => one.pid === pid);
  if (!client) return;
  const choose = async (menu: Menu): Promise<string | undefined> => {
    const choice = await showMenu(room, client.name, menu, live.lease.folder).choice;
    return choice.kind === 'chosen' ? choice.value : undefined;
  };
  live.lookout.look();
  const { guests, ...pairing } = pairingInfoOf(live);
  try {
    const chosen = await choose(menus.pairing({ ...pairing, guests }));
    const guest = guests[Number(chosen) - 1];
    if (guest) await act(live, guest, (await choose(menus.guest(guest))) as GuestAction | undefined);
    switch (chosen as PairingAction | undefined) {
      case 'repair':
        return await live.lookout.repair();
      case 'extend':
        return void (await extend(live, extension));
      case 'line':
        return live.sinks.emit({ kind: 'host-attached', command: live.door.command() });
      case 'end':
        return (await choose(menus.end)) === 'yes' ? stop() : undefined;
    }
  } catch (error) {
    live.sinks.emit({ kind: 'change-failed', failure: failureOf(error) });
  }
}

/** Nobody waits for the result here, and a bug must not end the pairing. */
function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) return error.failure;
  return { kind: 'program-failed', program: 'tmuxpair', doing: 'what you chose', detail: String(error) };
}

async function act(
  live: Live,
  { label }: PairingInfo['guests'][number],
  action: GuestAction | undefined,
): Promise<void> {
  switch (action) {
    case 'look':
      return void (await setAccess(live, label, 'read-only'));
    case 'type':
      return void (await setAccess(live, label, 'read-write'));
    case 'kick':
      return void (await kick(live, label));
  }
}
