/** The addresses at which an sshd can be reached. */
import { connect } from 'node:net';
import type { ListeningSocket } from './sockets.ts';

/**
 * First the socket on the address that guests are to come to, then those that they would come to, then those on
 * loopback.
 */
export function inOrder(sockets: readonly ListeningSocket[], towards: string | undefined): ListeningSocket[] {
  const rank = ({ address }: ListeningSocket): number => {
    if (address === towards) return 0;
    if (isAny(address)) return address === '::' ? 2 : 1;
    return isLoopback(address) ? 4 : 3;
  };
  return [...sockets].sort((one, other) => rank(one) - rank(other));
}

/** The addresses at which to reach these sockets, in their order. */
export function reachable(sockets: readonly Pick<ListeningSocket, 'address'>[]): string[] {
  const addresses = sockets.flatMap(({ address }) => {
    if (address === '0.0.0.0') return ['127.0.0.1'];
    // An IPv6 socket may accept IPv4, too; only a connection tells.
    return address === '::' ? ['127.0.0.1', '::1'] : [address];
  });
  return [...new Set(addresses)];
}

export function reaches(addresses: readonly string[], address: string, heard: string | undefined): boolean {
  if (addresses.length === 0) return true;
  const isSix = address.includes(':');
  return addresses.some(
    (one) =>
      one === address ||
      one === (isSix ? '::' : '0.0.0.0') ||
      (!isSix && one === '::' && heard === '127.0.0.1'),
  );
}

/** Whether an address stands for all of its family. */
export function isAny(address: string): boolean {
  return /^(0\.0\.0\.0|::)$/.test(address);
}

export function isLoopback(address: string): boolean {
  return /^(127\.|::1$)/.test(address);
}

export function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: 2000 });
    const answer = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => answer(true));
    for (const event of ['error', 'timeout']) socket.once(event, () => answer(false));
  });
}
