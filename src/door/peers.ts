/** What the kernel knows of connected peers, without reading a byte that their sshd would then miss. */
import { readFileSync } from 'node:fs';

export interface Peers {
  /** Whether this system tells; if not, the rest is empty. */
  readonly isTold: boolean;
  /** The remote ports of peers who have sent something that nobody has read. */
  readonly spoken: ReadonlySet<number>;
  /** Of peers who have closed their end. */
  readonly gone: ReadonlySet<number>;
}

/** Of the connections to a local port; nothing on systems without /proc. */
export function peersOf(port: number): Peers {
  const tables = ['tcp', 'tcp6'].map((name) => {
    try {
      return readFileSync(`/proc/net/${name}`, 'latin1');
    } catch {
      return '';
    }
  });
  return { isTold: tables.some((table) => table !== ''), ...peersIn(tables.join('\n'), port) };
}

/**
 * @param table as in `/proc/net/tcp`: local and remote address and port, state, unsent and unread bytes, in hexadecimal
 */
export function peersIn(table: string, port: number): Omit<Peers, 'isTold'> {
  const local = port.toString(16).toUpperCase().padStart(4, '0');
  const row = new RegExp(
    `^ *\\d+: [0-9A-F]+:${local} [0-9A-F]+:([0-9A-F]{4}) (01|08) [0-9A-F]+:([0-9A-F]+) `,
    'gm',
  );
  const [spoken, gone] = [new Set<number>(), new Set<number>()];
  for (const [, remote = '', state, unread = ''] of table.matchAll(row)) {
    const number = Number.parseInt(remote, 16);
    // 08 is CLOSE_WAIT. The end counts as an unread byte.
    if (state === '08') gone.add(number);
    else if (Number.parseInt(unread, 16) > 0) spoken.add(number);
  }
  return { spoken, gone };
}
