import { closeSync, openSync, readSync } from 'node:fs';

/** The kernel's random bytes. Node's are the same, but Node loads all of its cryptography for them, which takes ms. */
export function randomBytes(count: number): Buffer {
  const bytes = Buffer.alloc(count);
  const device = openSync('/dev/urandom', 'r');
  try {
    for (let at = 0; at < count; ) at += readSync(device, bytes, at, count - at, null);
  } finally {
    closeSync(device);
  }
  return bytes;
}
