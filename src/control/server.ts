/**
 * The control socket, through which other invocations talk to a pairing's supervisor. Each connection carries one JSON
 * message, in one line, and one answer. The socket is in the lease's folder, which only the host can enter. Whatever is
 * sent here, the pairing goes on.
 */

import { chmodSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Event } from '../domain/events.ts';
import { type Failure, Refusal } from '../domain/failure.ts';
import type { Access } from '../domain/guest.ts';
import { inLease } from '../domain/lease-folder.ts';
import type { PairingInfo } from '../domain/pairing-info.ts';
import { jsonLine } from '../domain/text.ts';
import { extend, invite, kick, setAccess } from '../pairing/change.ts';
import type { HostRequests } from '../pairing/context.ts';
import type { Live } from '../pairing/live.ts';
import { pairingInfoOf } from '../pairing/pairing-info.ts';
import { guestsFromWire, type WireGuest } from './wire.ts';

export const protocolVersion = 1;

export type Request =
  | { readonly op: 'info' }
  | { readonly op: 'invite'; readonly guests: readonly WireGuest[] }
  | { readonly op: 'kick'; readonly guest: string }
  | { readonly op: 'access'; readonly guest: string; readonly access: Access }
  | { readonly op: 'extend'; readonly seconds: number }
  /** The host's menu, on the client with this process id. */
  | { readonly op: 'menu'; readonly client: number }
  /** Puts back what was taken away meanwhile. */
  | { readonly op: 'repair' }
  | { readonly op: 'stop' };

export type Response =
  | {
      readonly ok: true;
      readonly pairing: PairingInfo;
      /** Further remarks, in words. */
      readonly remarks?: readonly string[];
    }
  | { readonly ok: false; readonly failure: Failure };

/** Bytes of one message; a list of 64 guests with ten RSA keys each takes 500 kB. */
const longestMessage = 1_000_000;
const mostConnections = 32;
/** How long, in ms, a connection may take to say what it wants, and later to take its answer. */
const timeoutMs = 10_000;

export function controlSocket(folder: string): string {
  return inLease(folder, 'control');
}

/** How long, in ms, those that are connected at the end may take to read their answer. */
const lastAnswerMs = 300;

export interface Control {
  /** Accepts no more connections, and ends existing ones once they have their answers. */
  close(): Promise<void>;
}

/**
 * Serves the control socket until it is closed. If there are too many connections, one that has said nothing, or has
 * been answered and does not go, makes room for a new one.
 */
export async function serveControl(live: Live, requests: HostRequests): Promise<Control> {
  const all = new Set<Socket>();
  const silent = new Set<Socket>();
  const answered = new Set<Socket>();
  const forget = (socket: Socket): void => {
    for (const sockets of [all, silent, answered]) sockets.delete(socket);
  };
  const serve = async (socket: Socket): Promise<void> => {
    const [oldest = socket] = [...silent, ...answered];
    if (all.size >= mostConnections) forget(oldest.destroy());
    socket.once('close', () => forget(socket));
    socket.on('error', () => socket.destroy());
    if (socket.destroyed) return;
    all.add(socket);
    silent.add(socket);
    const line = await firstLine(socket);
    silent.delete(socket);
    if (line === undefined) return void socket.destroy();
    const response = await answer(live, line, requests);
    socket.end(`${jsonLine({ v: protocolVersion, ...response })}\n`);
    if (!socket.destroyed) answered.add(socket);
    socket.resume(); // Otherwise anything more that they send would keep the connection open.
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    socket.once('close', () => clearTimeout(timer));
  };
  const server = createServer({ allowHalfOpen: true }, (socket) => void serve(socket));
  server.on('error', () => {}); // No handle is left for a connection; the next one may get one.
  const path = controlSocket(live.lease.folder);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  server.unref();
  return {
    close: async () => {
      for (const socket of silent) socket.destroy();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.race([closed, sleep(lastAnswerMs, undefined, { ref: false })]);
      for (const socket of all) socket.destroy();
    },
  };
}

/** The text before the first line end; `undefined` if it is too long, or takes too long to come. */
function firstLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (line?: string): void => {
      clearTimeout(timer);
      socket.removeAllListeners('data').pause();
      resolve(line);
    };
    const timer = setTimeout(settle, timeoutMs);
    socket.once('close', () => settle()).once('end', () => settle());
    socket.on('data', (chunk) => {
      const end = chunk.indexOf('\n');
      chunks.push(end === -1 ? chunk : chunk.subarray(0, end));
      length += chunk.length;
      if (end !== -1 && length <= longestMessage) settle(Buffer.concat(chunks).toString());
      else if (length > longestMessage) settle();
    });
  });
}

async function answer(live: Live, line: string, requests: HostRequests): Promise<Response> {
  try {
    const request = parseRequest(line);
    if (!request) {
      const problem = 'this pairing runs another version of tmuxpair';
      return { ok: false, failure: { kind: 'usage', problem } };
    }
    const remarks = (await carryOut(live, request, requests)).map(requests.words);
    live.lookout.look();
    return { ok: true, pairing: pairingInfoOf(live), ...(remarks.length > 0 && { remarks }) };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, failure: error.failure };
    const failed = { program: 'the supervisor', doing: 'what it was asked', detail: String(error) };
    return { ok: false, failure: { kind: 'program-failed', ...failed } };
  }
}

/** @returns what there is to report */
async function carryOut(live: Live, request: Request, { stop, openMenu }: HostRequests): Promise<Event[]> {
  switch (request.op) {
    case 'info':
      break;
    case 'invite':
      return invite(live, guestsFromWire(request.guests));
    case 'kick':
      return kick(live, request.guest);
    case 'access':
      await setAccess(live, request.guest, request.access);
      break;
    case 'extend':
      await extend(live, request.seconds);
      break;
    case 'repair':
      await live.lookout.repair();
      break;
    case 'menu':
      openMenu(request.client);
      break;
    case 'stop':
      await stop();
      break;
    default:
      return request satisfies never;
  }
  return [];
}

/** A valid request, checked field by field; `undefined` for anything else. */
export function parseRequest(line: string): Request | undefined {
  let value: Readonly<Record<string, unknown>>;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || value.v !== protocolVersion) return undefined;
  const { op, guest, access, seconds, guests, client } = value;
  if (op === 'info' || op === 'repair' || op === 'stop') return { op };
  if (op === 'kick' && typeof guest === 'string') return { op, guest };
  if (op === 'access' && typeof guest === 'string' && (access === 'read-only' || access === 'read-write')) {
    return { op, guest, access };
  }
  if (op === 'extend' && typeof seconds === 'number' && Number.isSafeInteger(seconds) && seconds > 0)
    return { op, seconds };
  if (op === 'menu' && typeof client === 'number') return { op, client };
  if (op === 'invite' && Array.isArray(guests)) return { op, guests };
  return undefined;
}
