import { refuse } from '../domain/failure.ts';
import { run, type Server } from './tmux.ts';

/**
 * Runs programs, each in a terminal of its own, in a server to which nobody attaches and which loads no configuration.
 * It ends with the last of them.
 * @param programs of several words each: a single one would go through a shell
 * @param env of the server, and of the programs
 * @throws Refusal `program-failed`
 */
export async function runInTerminals(
  server: Server,
  programs: readonly (readonly string[])[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const windows = programs.map((words, index) => [
    ...(index === 0
      ? ['new-session', '-d', '-s', 'aside', '-x', '80', '-y', '24']
      : ['new-window', '-d', '-t', '=aside:']),
    '--',
    ...words,
  ]);
  const readyMarker = 'open\n';
  const { ok, stderr } = await run(server, [...windows, ['display-message', '-p', 'open']], {
    env,
    cwd: '/',
    readyMarker,
    config: '/dev/null',
  });
  if (!ok) refuse({ kind: 'program-failed', program: 'tmux', doing: 'opening a terminal', detail: stderr });
}
