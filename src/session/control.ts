/**
 * The control socket: how other invocations speak to a pairing's supervisor. One JSON message a line, one answer a
 * line, in the lease's folder, which only the host can enter. Whatever is sent here, the pairing goes on.
 */
import { chmodSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Failure, Refusal } from '../domain/failure.ts';
import type { Access } from '../domain/guest.ts';
import { extend, invite, kick, setAccess } from './change.ts';
import { type Entry, entryOf } from './entry.ts';
import type { Live } from './live.ts';
import { guestsFromWire, type WireGuest } from './wire.ts';

export const protocolVersion = 1;

export type Request =
  | { readonly op: 'info' }
  | { readonly op: 'invite'; readonly guests: readonly WireGuest[] }
  | { readonly op: 'kick'; readonly guest: string }
  | { readonly op: 'access'; readonly guest: string; readonly access: Access }
  | { readonly op: 'extend'; readonly seconds: number }
  | { readonly op: 'stop' };

export type Response =
  | { readonly ok: true; readonly pairing: Entry }
  | { readonly ok: false; readonly failure: Failure };

/** Bytes of one message; a list of 64 guests with ten RSA keys each takes 500 kB. */
const longestMessage = 1_000_000;
const mostConnections = 32;
/** Milliseconds that a connection may say nothing. */
const patience = 10_000;

export function controlSocket(folder: string): string {
  return join(folder, 'control');
}

/** How long, in ms, whoever is connected at the end may take to read their answer. */
const lastWords = 300;

export interface Control {
  /** Takes no more connections, and ends those that there are once they have their answers. */
  close(): Promise<void>;
}

/**
 * Serves the control socket until it is closed.
 * @param stop ends the pairing; resolves when it has ended, rejects with a Refusal where not all could be taken back
 */
export async function serveControl(live: Live, stop: () => Promise<void>): Promise<Control> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve(socket, (line) => answer(live, line, stop));
  });
  server.maxConnections = mostConnections;
  server.on('error', () => {});
  const path = controlSocket(live.lease.folder);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  server.unref();
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.race([closed, sleep(lastWords, undefined, { ref: false })]);
      for (const socket of sockets) socket.destroy();
    },
  };
}

function serve(socket: Socket, reply: (line: string) => Promise<Response>): void {
  let buffered = '';
  let turn: Promise<unknown> = Promise.resolve();
  socket.setEncoding('utf8').setTimeout(patience, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    buffered += text;
    for (let end = buffered.indexOf('\n'); end !== -1; end = buffered.indexOf('\n')) {
      const line = buffered.slice(0, end);
      buffered = buffered.slice(end + 1);
      socket.setTimeout(0);
      turn = turn.then(async () => {
        const response = await reply(line);
        if (socket.writable) socket.write(`${JSON.stringify({ v: protocolVersion, ...response })}\n`);
        socket.setTimeout(patience);
      });
    }
    if (buffered.length > longestMessage) socket.destroy();
  });
}

async function answer(live: Live, line: string, stop: () => Promise<void>): Promise<Response> {
  try {
    const request = parseRequest(line);
    if (!request) {
      return {
        ok: false,
        failure: { kind: 'usage', problem: 'this pairing runs another version of tmuxpair' },
      };
    }
    await carryOut(live, request, stop);
    return { ok: true, pairing: entryOf(live) };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, failure: error.failure };
    return { ok: false, failure: { kind: 'usage', problem: `the supervisor failed: ${String(error)}` } };
  }
}

async function carryOut(live: Live, request: Request, stop: () => Promise<void>): Promise<void> {
  switch (request.op) {
    case 'info':
      return;
    case 'invite':
      return void (await invite(live, guestsFromWire(request.guests)));
    case 'kick':
      return void (await kick(live, request.guest));
    case 'access':
      return void (await setAccess(live, request.guest, request.access));
    case 'extend':
      return void (await extend(live, request.seconds));
    case 'stop':
      return await stop();
    default:
      return request satisfies never;
  }
}

/** A request that is one, field by field; `undefined` for anything else. */
export function parseRequest(line: string): Request | undefined {
  let value: Readonly<Record<string, unknown>>;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || value.v !== protocolVersion) return undefined;
  const { op, guest, access, seconds, guests } = value;
  if (op === 'info' || op === 'stop') return { op };
  if (op === 'kick' && typeof guest === 'string') return { op, guest };
  if (op === 'access' && typeof guest === 'string' && (access === 'read-only' || access === 'read-write')) {
    return { op, guest, access };
  }
  if (op === 'extend' && typeof seconds === 'number' && Number.isInteger(seconds) && seconds > 0)
    return { op, seconds };
  if (op === 'invite' && Array.isArray(guests)) return { op, guests };
  return undefined;
}
