import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { refuse, usage } from '../src/domain/failure.ts';
import type { Reference } from '../src/domain/guest.ts';
import { defaultLimits } from './limits.ts';
import { parseOfferedText, usable } from './offered-keys.ts';
import type { FetchContext, Fetched, Provider } from './provider.ts';

export const file: Provider = {
  aliases: [],
  parse(text) {
    if (text === '' || text.includes('\0')) usage('the path of a key file is empty or no path');
    return { name: resolve(text) };
  },
  fetch: fetchFile,
};

/** Reads a plain file of keys, one per line. Refuses whatever could block or has no end. */
async function fetchFile(reference: Reference, context: FetchContext): Promise<Fetched> {
  context.signal.throwIfAborted();
  const path = reference.name;
  const most = context.limits?.bytes ?? defaultLimits.bytes;
  const unreadable = (code: string): never => refuse({ kind: 'file-unreadable', path, code });
  let handle: number | undefined;
  let text: string;
  try {
    // O_NONBLOCK: opening a FIFO that nobody writes to returns at once.
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(handle).isFile()) return unreadable('not-a-file');
    const bytes = firstBytes(handle, most + 1);
    if (bytes.length > most) return unreadable('too-large');
    text = bytes.toString('utf8');
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return unreadable(error.code);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
  return usable(reference, parseOfferedText(text));
}

/** Up to `most` bytes. Does not trust the size that a file claims: it may grow, and `/proc` claims 0. */
function firstBytes(handle: number, most: number): Buffer {
  const bytes = Buffer.alloc(most);
  let length = 0;
  while (length < most) {
    const bytesRead = readSync(handle, bytes, length, most - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}
