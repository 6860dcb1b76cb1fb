import type { Server } from './tmux.ts';

/**
 * Puts text on the clipboard through the tmux that this process runs in, which passes it on to its own terminal. By
 * default tmux keeps what a program in a pane sends by itself. Does nothing if tmux refuses.
 */
export async function copyThroughTmux(
  { tmux, socket }: Server,
  env: NodeJS.ProcessEnv,
  text: string,
): Promise<void> {
  const { execa } = await import('execa');
  await execa(tmux, ['-N', '-S', socket, 'load-buffer', '-w', '-'], {
    reject: false,
    input: text,
    extendEnv: false,
    env,
    timeout: 2000,
  });
}
