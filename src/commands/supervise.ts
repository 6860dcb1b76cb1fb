import { text } from 'node:stream/consumers';
import { guestsFromWire } from '../control/wire.ts';
import { addCommon, type Common, type Describe } from '../options/command.ts';
import type { PairingContext } from '../pairing/context.ts';
import { openFor, supervise as superviseOpen } from '../pairing/pairing.ts';
import { onStopSignals } from '../pairing/stop.ts';
import { output, type Terminal } from '../ui/terminal.ts';
import { liveMark, type Orders } from './background.ts';
import { exitCodeOf } from './signal-exit.ts';
import { manners } from './surroundings.ts';

/** For the program's own use: the supervisor of a pairing in the background. */
export const supervise: Describe = (program, { run, self }) => {
  addCommon(program.command('supervise', { hidden: true }))
    .option('--json')
    .action((options: Common) => run(options, (terminal) => superviseCommand(terminal, self)));
};

/**
 * Supervises a pairing in the background, by the {@link Orders} on standard input.
 * @returns the exit code, which is read only if the pairing never went live
 * @throws Refusal; Stopped
 */
async function superviseCommand(terminal: Terminal, self: readonly string[]): Promise<number> {
  const stop = onStopSignals();
  const { intent, guests, size }: Orders = JSON.parse(await text(process.stdin));
  const emit: PairingContext['emit'] = (event) => {
    terminal.event(event);
    if (event.kind !== 'invited') return;
    output('stderr').write(liveMark);
    output('stdout').write(liveMark, (error) => {
      if (error) process.kill(process.pid, 'SIGHUP'); // Whoever started this is gone, and nobody knows of the pairing.
    });
  };
  const { env } = process;
  const world: PairingContext = {
    env,
    cwd: process.cwd(),
    size,
    hasTerminal: false,
    stop,
    emit,
    ...manners,
    self,
  };
  const live = await openFor(intent, Promise.resolve(guestsFromWire(guests)), world);
  const { signal } = await superviseOpen(live, intent, world);
  return signal ? exitCodeOf(signal) : 0;
}
