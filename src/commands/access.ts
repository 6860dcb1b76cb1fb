import type { Access } from '../domain/guest.ts';
import { confirmSharing } from '../pairing/pairing.ts';
import { onStopSignals } from '../pairing/stop.ts';
import type { Terminal } from '../ui/terminal.ts';
import { carryOut, type Target } from './reach.ts';
import { terminalOf } from './surroundings.ts';

export interface AccessIntent extends Target {
  readonly guest: string;
  readonly access: Access;
  /** Questions are answered yes beforehand. */
  readonly yes: boolean;
}

/** Changes what a guest may do, from now on. @returns the exit code; @throws Refusal */
export function accessCommand(intent: AccessIntent, terminal: Terminal): Promise<number> {
  const { guest, access, yes } = intent;
  const may = access === 'read-only' ? 'only look' : 'type';
  return carryOut(
    intent,
    { op: 'access', guest, access },
    terminal,
    () => `${guest} may ${may} from now on`,
    async ({ shared }) => {
      if (shared && access === 'read-write' && !yes) await confirmSharing(terminalOf(onStopSignals()).ask);
    },
  );
}
