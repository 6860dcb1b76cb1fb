import type { Stage } from './fixture.ts';
import { program } from './program.ts';
import type { Terminal, TerminalOptions } from './terminal.ts';

/** A tmux of the host's own, with one session, in which `tmuxpair` is on the PATH. */
export interface OwnTmux {
  readonly socket: string;
  /** A terminal in which the session is attached. */
  readonly host: Terminal;
  /** Another one. */
  readonly attach: () => Promise<Terminal>;
  /** A tmux command; its output. */
  readonly run: (...command: string[]) => Promise<string>;
}

/** Starts the session `work`; `~/.tmux.conf` counts. */
export async function ownTmux(stage: Stage, options: TerminalOptions = {}): Promise<OwnTmux> {
  const socket = `${stage.account.scratch}/own`;
  const PATH = `${await programFolder(stage)}:${process.env.PATH}`;
  const env = { ...options.env, PATH };
  const host = await stage.terminal(['tmux', '-S', socket, 'new-session', '-s', 'work'], { ...options, env });
  await host.waitFor('[work]');
  return {
    socket,
    host,
    attach: async () => {
      const terminal = await stage.terminal(['tmux', '-S', socket, 'attach', '-t', 'work'], {
        ...options,
        env,
      });
      await terminal.waitFor('[work]');
      return terminal;
    },
    run: (...command) => stage.account.demand('tmux', ['-N', '-S', socket, ...command]),
  };
}

/** A folder with the program as `tmuxpair` in it. */
export async function programFolder(stage: Stage): Promise<string> {
  const { file, args } = program();
  const words = [file, ...args].map((word) => `'${word}'`).join(' ');
  const path = await stage.writeFile('bin/tmuxpair', `#!/bin/sh\nexec ${words} "$@"\n`, 0o755);
  return path.replace(/\/tmuxpair$/, '');
}
