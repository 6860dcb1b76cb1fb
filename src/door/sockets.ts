/** Who listens where on this machine, as the kernel lists it. Listing disturbs nobody. */
import { closeSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';

/** A TCP socket that waits for connections. */
export interface ListeningSocket {
  /** `0.0.0.0` and `::` mean all of a family. */
  readonly address: string;
  readonly port: number;
  /** The user whose it is. */
  readonly uid: number;
  /** Another socket has another one, even if the same program opens it again. */
  readonly inode: string;
}

/**
 * All listening sockets, as this process sees them, or another one, which may be in a container of its own; none if
 * this system has no such list.
 */
export function listeningSockets(pid: number | 'self' = 'self'): ListeningSocket[] {
  if (process.platform !== 'linux') return [];
  return ['tcp', 'tcp6'].flatMap((name) => listed(`/proc/${pid}/net/${name}`));
}

/**
 * Reads in pieces, and no further than the listeners, which Linux lists first: the rest would take some milliseconds.
 */
function listed(path: string): ListeningSocket[] {
  try {
    const file = openSync(path, 'r');
    try {
      const piece = Buffer.allocUnsafe(600);
      for (let rows = ''; ; ) {
        const length = readSync(file, piece, 0, piece.length, null);
        rows += piece.toString('latin1', 0, length);
        if (length === 0 || /^ *\d+: \S+ \S+ (?!0A)[0-9A-F]{2} /m.test(rows)) return socketsIn(rows);
      }
    } finally {
      closeSync(file);
    }
  } catch {
    return []; // There is no IPv6, or the process has ended.
  }
}

/**
 * @param table as in `/proc/net/tcp`: number, local address and port in hexadecimal, those of the peer, the state (0A
 * is LISTEN), queues, timer, retransmissions, user, timeout, inode
 */
export function socketsIn(table: string): ListeningSocket[] {
  const row = /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:0000 0A \S+ \S+ \S+ +(\d+) +\d+ (\d+)(?= |$)/gm;
  return [...table.matchAll(row)].map(([, address = '', port = '', uid, inode = '']) => ({
    address: address.length === 8 ? ipv4(address) : ipv6(address),
    port: Number.parseInt(port, 16),
    uid: Number(uid),
    inode,
  }));
}

/** Words of 32 bits, each as the number that this machine reads its four bytes as. */
function bytesOf(hex: string): number[] {
  return (hex.match(/.{8}/g) ?? []).flatMap((word) => {
    const bytes = (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
    return endianness() === 'LE' ? bytes.reverse() : bytes;
  });
}

function ipv4(hex: string): string {
  return bytesOf(hex).join('.');
}

/** As RFC 5952 writes it; an IPv4 address in it in its own form. */
function ipv6(hex: string): string {
  const bytes = bytesOf(hex);
  const isMapped = bytes.every((byte, at) => at >= 12 || byte === (at < 10 ? 0 : 255));
  if (isMapped) return bytes.slice(12).join('.');
  const groups = hex.match(/.{4}/g)?.map((_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0));
  const [, short = ''] =
    /^\[(.*)\]$/.exec(new URL(`http://[${groups?.map((group) => group.toString(16)).join(':')}]`).hostname) ??
    [];
  return short;
}
