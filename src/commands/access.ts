import type { Access } from '../domain/guest.ts';
import type { Terminal } from '../ui/terminal.ts';
import { carryOut, type Target } from './reach.ts';

/** Changes what a guest may do, from now on. @returns the exit code; @throws Refusal */
export function accessCommand(
  intent: Target & { readonly guest: string; readonly access: Access },
  terminal: Terminal,
): Promise<number> {
  const { guest, access } = intent;
  const may = access === 'read-only' ? 'only look' : 'type';
  return carryOut(intent, { op: 'access', guest, access }, terminal, () => `${guest} may ${may} from now on`);
}
