/** What a guest types, as text. */
import { type Jump, showJump } from '../domain/jump.ts';
import { shWord } from '../domain/sh-word.ts';

/** Where a guest finds the door. */
export interface SshTarget {
  readonly user: string;
  readonly host: string;
  readonly port: number;
}

/**
 * The line for the guest to paste.
 * @param forward ports of this machine that they may reach
 */
export function sshCommand({ user, host, port }: SshTarget, forward: readonly number[] = []): string {
  const options = [...(port === 22 ? [] : ['-p', String(port)]), ...forwardOptions(forward)];
  return ['ssh', ...options, shWord(`${user}@${host}`)].join(' ');
}

/** A privileged port has another number on the guest's side, where they are hardly root. */
function forwardOptions(ports: readonly number[]): string[] {
  return ports.flatMap((port) => ['-L', `${port < 1024 ? port + 8000 : port}:localhost:${port}`]);
}

/**
 * The line for a guest who comes through a tunnel that ends on the loopback of the last of `jumps`, by way of the
 * others.
 * @param alias what the guest's known_hosts calls this host, since its address there is nobody's own
 */
export function sshCommandVia(
  jumps: readonly [Jump, ...Jump[]],
  { user, port, alias }: { user: string; port: number; alias: string },
  forward: readonly number[] = [],
): string {
  const place = ['-J', jumps.map(showJump).join(','), '-p', String(port), '-o', `HostKeyAlias=${alias}`];
  const options = [...place, ...forwardOptions(forward)];
  return ['ssh', ...options.map(shWord), shWord(`${user}@127.0.0.1`)].join(' ');
}
