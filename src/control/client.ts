/** Talks to the supervisors of live pairings, for other invocations. */
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { type Failure, Refusal, refuse } from '../domain/failure.ts';
import type { LeaseId } from '../domain/lease-id.ts';
import type { PairingInfo } from '../domain/pairing-info.ts';
import { jsonLine } from '../domain/text.ts';
import { runDirectories } from '../lease/run-directory.ts';
import { leaseFolders, type Swept } from '../lease/sweep.ts';
import { parsePairingInfo } from '../pairing/pairing-info.ts';
import { recover } from '../pairing/recover.ts';
import { controlSocket, protocolVersion, type Request, type Response } from './server.ts';

/** A pairing that has answered. */
export interface Reached {
  readonly folder: string;
  readonly pairing: PairingInfo;
}

/** A pairing whose supervisor lives, but does not answer. */
export interface Silent {
  readonly id: string;
  readonly folder: string;
}

export interface Reach {
  readonly reached: readonly Reached[];
  readonly silent: readonly Silent[];
  readonly swept: readonly Swept[];
  /** What of a dead pairing could not be taken back. */
  readonly failure?: Failure;
}

/** How long, in ms, a supervisor may take to answer: a kick or a stop takes up to 5 s. */
const timeoutMs = 15_000;
const infoTimeoutMs = 2000;

/** Every live pairing of this account. Sweeps dead pairings first; if that fails, live ones are still returned. */
export async function reachAll(env: NodeJS.ProcessEnv, keyFile: string): Promise<Reach> {
  const places = { roots: runDirectories(env), keyFiles: [keyFile] };
  const { swept, failure } = await sweepFirst(env, keyFile);
  const reached: Reached[] = [];
  const silent: Silent[] = [];
  await Promise.all(
    leaseFolders(places).map(async (folder) => {
      const response = await ask(folder, { op: 'info' }).catch(() => undefined);
      if (response?.ok) reached.push({ folder, pairing: response.pairing });
      else if (existsSync(controlSocket(folder))) silent.push({ id: basename(folder), folder });
    }),
  );
  reached.sort((a, b) => a.pairing.startedAt.localeCompare(b.pairing.startedAt));
  return { reached, silent, swept, ...(failure && { failure }) };
}

async function sweepFirst(
  env: NodeJS.ProcessEnv,
  keyFile: string,
): Promise<Pick<Reach, 'swept' | 'failure'>> {
  try {
    return { swept: await recover(env, keyFile) };
  } catch (error) {
    if (error instanceof Refusal) return { swept: [], failure: error.failure };
    throw error;
  }
}

/**
 * The pairing that is meant: by the beginning of its id, or the only one, or the one in whose room this runs.
 * @throws Refusal `no-such-pairing`, `pairing-silent`
 */
export function choose({ reached, silent }: Reach, env: NodeJS.ProcessEnv, id?: string): Reached {
  const ids = reached.map(({ pairing }) => pairing.id);
  if (id !== undefined) {
    const [found, ...more] = id === '' ? [] : reached.filter(({ pairing }) => pairing.id.startsWith(id));
    if (found && more.length === 0) return found;
    const mute = id === '' || found ? [] : silent.filter((one) => one.id.startsWith(id));
    if (mute.length > 0) refuse({ kind: 'pairing-silent', pairings: mute });
    return refuse({ kind: 'no-such-pairing', ids, wanted: id });
  }
  if (reached.length === 0 && silent.length > 0) refuse({ kind: 'pairing-silent', pairings: silent });
  const [first, ...others] = reached;
  if (first && others.length === 0) return first;
  const socket = env.TMUX?.split(',')[0];
  const around = reached.filter(({ pairing }) => socket !== undefined && pairing.socket === socket);
  const [here, ...more] = around;
  return here && more.length === 0 ? here : refuse({ kind: 'no-such-pairing', ids });
}

/**
 * Has a supervisor carry out a request.
 * @param remark gets the supervisor's remarks on it, in its own words
 * @returns the pairing as it is after that
 * @throws Refusal that of the supervisor; `no-such-pairing` if it has gone meanwhile; `pairing-silent`
 */
export async function request(
  { folder, pairing }: Reached,
  message: Request,
  remark: (text: string) => void,
): Promise<PairingInfo> {
  const response = await ask(folder, message, timeoutMs).catch(() => undefined);
  if (!response) {
    const { id } = pairing;
    if (existsSync(controlSocket(folder))) refuse({ kind: 'pairing-silent', pairings: [{ id, folder }] });
    return refuse({ kind: 'no-such-pairing', ids: [], wanted: id });
  }
  if (!response.ok) return refuse(response.failure);
  response.remarks?.forEach(remark);
  return response.pairing;
}

/** The ids of swept leases. */
export function idsOf(swept: readonly Swept[]): LeaseId[] {
  return swept.map(({ id }) => id);
}

/** Asks the supervisor of the lease in `folder`. Rejects if there is no answer within `timeout` ms. */
export function ask(folder: string, message: Request, timeout = infoTimeoutMs): Promise<Response> {
  return new Promise((resolve, reject) => {
    const socket = connect(controlSocket(folder));
    const fail = (): void => {
      socket.destroy();
      reject(new Error(`no answer from ${basename(folder)}`));
    };
    socket.setTimeout(timeout, fail).once('error', fail).once('close', fail);
    socket.write(`${jsonLine({ v: protocolVersion, ...message })}\n`);
    createInterface({ input: socket })
      .once('line', (line) => {
        const response = responseFrom(line);
        if (response) resolve(response);
        fail();
      })
      .on('error', fail);
  });
}

function responseFrom(line: string): Response | undefined {
  try {
    const { ok, pairing, failure, remarks } = JSON.parse(line);
    if (ok === false) return { ok, failure };
    const entry = parsePairingInfo(pairing);
    const said = Array.isArray(remarks) ? remarks.map(String) : [];
    return entry && { ok: true, pairing: entry, remarks: said };
  } catch {
    return undefined;
  }
}
