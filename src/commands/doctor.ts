import { examine } from '../doctor/doctor.ts';
import type { Check } from '../doctor/finding.ts';
import { thisMachine } from '../doctor/machine.ts';
import type { TrialIntent } from '../domain/intent.ts';
import { onStopSignals } from '../pairing/stop.ts';
import { checkLines, doctorJson } from '../ui/doctor-words.ts';
import type { Terminal } from '../ui/terminal.ts';
import { manners } from './surroundings.ts';

/**
 * Tells whether a guest could get in, what stands in the way, and what mends it.
 * @param self the command that runs this program
 * @returns the exit code: 0 only where one could
 * @throws Refusal; Stopped
 */
export async function doctorCommand(
  intent: TrialIntent,
  json: boolean,
  terminal: Terminal,
  self: readonly string[],
): Promise<number> {
  const machine = thisMachine(process.env);
  const checks: Check[] = [];
  const world = {
    env: process.env,
    cwd: '/',
    size: { columns: 80, rows: 24 },
    hasTerminal: false,
    stop: onStopSignals(),
    emit: terminal.event,
    ...manners,
    self,
  };
  const canGetIn = await examine(intent, world, (check) => {
    checks.push(check);
    if (!json) terminal.data(checkLines(check, machine), 'answer');
  });
  if (json) terminal.data(doctorJson(checks, canGetIn, machine));
  return canGetIn ? 0 : terminal.failure({ kind: 'no-way-in' });
}
