import { examine } from '../doctor/doctor.ts';
import type { Check } from '../doctor/finding.ts';
import { thisMachine } from '../doctor/machine.ts';
import type { TrialIntent } from '../domain/intent.ts';
import { addCommon, type Common, type Describe } from '../options/command.ts';
import { addDoor, type DoorOptions, doorOf } from '../options/door.ts';
import { addKeyFile, keyFileFrom } from '../options/key-file.ts';
import { onStopSignals } from '../pairing/stop.ts';
import { checkLines, doctorJson } from '../ui/doctor-words.ts';
import type { Terminal } from '../ui/terminal.ts';
import { manners } from './surroundings.ts';

interface DoctorOptions extends Common, DoorOptions {
  readonly tmux?: string;
}

export const doctor: Describe = (program, { run, self }) => {
  const command = program.command('doctor').description('can a guest really get in? by trying');
  addKeyFile(addDoor(addCommon(command)))
    .option('--tmux <path>', 'the tmux to use')
    .option('--json', 'as JSON')
    .action((own: DoctorOptions) =>
      run(own, (terminal) => {
        // Options in front of the command's name count, too. No tunnel is tried.
        const { via: _, ...options }: DoctorOptions = { ...program.opts(), ...own };
        const tmux = options.tmux === undefined ? {} : { tmux: options.tmux };
        const intent = { ...doorOf(options), ...tmux, keyFile: keyFileFrom(options), forward: [] };
        return doctorCommand(intent, options.json === true, terminal, self);
      }),
    );
};

/**
 * Reports whether a guest could get in, what stands in the way, and how to fix it.
 * @param self the command that runs this program
 * @returns the exit code: 0 only if one could
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
