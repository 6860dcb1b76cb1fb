import type { Stage } from '../support/fixture.ts';
import { runDirectory } from '../support/live.ts';
import { until } from '../support/wait.ts';

/**
 * Remembers what runs as the host now; the function it gives waits until nothing else does, the last second that a
 * pairing's clock sleeps aside.
 */
export function settling(stage: Stage): () => Promise<void> {
  const before = new Set(stage.processes().map(({ pid }) => pid));
  const more = () => stage.processes().filter(({ pid, cmd }) => !before.has(pid) && cmd !== 'sleep 1');
  return async () => {
    await until(() => more().length === 0, { what: 'the host to be alone', interval: 20 }).catch(() => {
      throw new Error(
        `still there:\n${more()
          .map(({ cmd }) => cmd)
          .join('\n')}`,
      );
    });
  };
}

/** The socket of the room that a session of the program's has. */
export function socketOf(stage: Stage, session = 'pair'): string {
  return `${runDirectory(stage)}/rooms/${session}/tmux`;
}
