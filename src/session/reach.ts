/** Speaking to the supervisors of live pairings, from other invocations. */
import { connect } from 'node:net';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { refuse } from '../domain/failure.ts';
import { runDirectories } from '../lease/run-directory.ts';
import { leaseFolders, type Swept } from '../lease/sweep.ts';
import { controlSocket, protocolVersion, type Request, type Response } from './control.ts';
import type { Entry } from './entry.ts';
import { recover } from './recover.ts';

/** A pairing that has answered. */
export interface Reached {
  readonly folder: string;
  readonly pairing: Entry;
}

/** How long, in ms, a supervisor may take to say anything: a kick or a stop takes up to 5 s. */
const patience = 15_000;
const patienceForInfo = 2000;

/**
 * Every live pairing of this account; what dead ones left has been taken back first.
 * @throws Refusal `revocation-failed`
 */
export async function reachAll(
  env: NodeJS.ProcessEnv,
  keyFile: string,
): Promise<{ readonly reached: readonly Reached[]; readonly swept: readonly Swept[] }> {
  const places = { roots: runDirectories(env), keyFiles: [keyFile] };
  const swept = await recover(env, keyFile);
  const answers = await Promise.all(
    leaseFolders(places).map(async (folder): Promise<Reached[]> => {
      const response = await ask(folder, { op: 'info' }, patienceForInfo).catch(() => undefined);
      return response?.ok ? [{ folder, pairing: response.pairing }] : [];
    }),
  );
  const reached = answers.flat().sort((a, b) => a.pairing.startedAt.localeCompare(b.pairing.startedAt));
  return { reached, swept };
}

/**
 * The pairing that is meant: by the beginning of its id, or the only one, or the one in whose room this runs.
 * @throws Refusal `no-such-pairing`
 */
export function choose(reached: readonly Reached[], env: NodeJS.ProcessEnv, id?: string): Reached {
  const ids = reached.map(({ pairing }) => pairing.id);
  if (id !== undefined) {
    const [found, ...more] = id === '' ? [] : reached.filter(({ pairing }) => pairing.id.startsWith(id));
    return found && more.length === 0 ? found : refuse({ kind: 'no-such-pairing', ids, wanted: id });
  }
  const [first, ...others] = reached;
  if (first && others.length === 0) return first;
  const socket = env.TMUX?.split(',')[0];
  const around = reached.filter(({ pairing }) => socket !== undefined && pairing.socket === socket);
  const [here, ...more] = around;
  return here && more.length === 0 ? here : refuse({ kind: 'no-such-pairing', ids });
}

/**
 * Has a supervisor carry out a request.
 * @returns the pairing as it is after that
 * @throws Refusal that of the supervisor; `no-such-pairing` where it went away meanwhile
 */
export async function request({ folder, pairing }: Reached, message: Request): Promise<Entry> {
  const response = await ask(folder, message, patience).catch(() => undefined);
  if (!response) return refuse({ kind: 'no-such-pairing', ids: [], wanted: pairing.id });
  return response.ok ? response.pairing : refuse(response.failure);
}

function ask(folder: string, message: Request, timeout: number): Promise<Response> {
  return new Promise((resolve, reject) => {
    const socket = connect(controlSocket(folder));
    const fail = (): void => {
      socket.destroy();
      reject(new Error(`no answer from ${basename(folder)}`));
    };
    socket.setTimeout(timeout, fail).once('error', fail).once('close', fail);
    socket.write(`${JSON.stringify({ v: protocolVersion, ...message })}\n`);
    createInterface({ input: socket })
      .once('line', (line) => {
        try {
          resolve(JSON.parse(line) as Response);
        } catch {
          fail();
        }
        socket.destroy();
      })
      .on('error', fail);
  });
}
