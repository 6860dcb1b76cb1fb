import { usage } from '../domain/failure.ts';
import type { Access } from '../domain/guest.ts';
import type { Describe } from '../options/command.ts';
import { addLive, type LiveOptions, type Target, targetOf, type YesOptions } from '../options/live.ts';
import { confirmSharing } from '../pairing/pairing.ts';
import { onStopSignals } from '../pairing/stop.ts';
import type { Terminal } from '../ui/terminal.ts';
import { carryOut } from './select-pairing.ts';
import { terminalOf } from './surroundings.ts';

export const access: Describe = (program, { run }) => {
  addLive(program, 'access <guest> <ro|rw>', 'change what a guest may do')
    .option('-y, --yes', 'answer yes to questions')
    .action((guest: string, to: string, options: LiveOptions & YesOptions) =>
      run(options, (terminal) =>
        accessCommand(
          { ...targetOf(options), guest, access: parseAccess(to), yes: options.yes === true },
          terminal,
        ),
      ),
    );
};

export interface AccessIntent extends Target {
  readonly guest: string;
  readonly access: Access;
  /** Answers yes to questions in advance. */
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

export function parseAccess(text: string): Access {
  if (/^(ro|read-?only)$/.test(text)) return 'read-only';
  if (/^(rw|read-?write)$/.test(text)) return 'read-write';
  return usage(`${JSON.stringify(text.slice(0, 80))} is no access`, 'say ro (may look) or rw (may type)');
}
