import ora from 'ora';

/** Shows that something is under way, on stderr, until it is stopped. */
export function spin(text: string): { stop(): void } {
  const spinner = ora({ text, discardStdin: false }).start();
  return { stop: () => void spinner.stop() };
}
