import { ask } from '../control/client.ts';
import { Refusal } from '../domain/failure.ts';
import type { Describe } from '../options/command.ts';

/** For the program's own use: what the key inside the room runs. */
export const menu: Describe = (program, { run }) => {
  program
    .command('menu <lease> <client>', { hidden: true })
    .action((lease: string, client: string) => run({}, () => menuCommand(lease, Number(client))));
};

/**
 * Asks a pairing's supervisor for the host's menu, for a key inside the room. Prints nothing: nobody would read it.
 * @param folder the lease's
 * @param client the process of the tmux client in which the key was pressed
 * @returns the exit code
 * @throws Refusal `no-such-pairing`
 */
export async function menuCommand(folder: string, client: number): Promise<number> {
  const response = await ask(folder, { op: 'menu', client }).catch(() => undefined);
  if (response?.ok) return 0;
  throw new Refusal(response?.failure ?? { kind: 'no-such-pairing', ids: [] });
}
