/** Which sshd guests come through, and where it is. */
import { isIP } from 'node:net';
import type { Command } from 'commander';
import { usage } from '../domain/failure.ts';
import type { DoorIntent } from '../domain/intent.ts';
import { parseJump } from '../domain/jump.ts';
import type { KeyFileOptions } from './key-file.ts';

export interface DoorOptions extends KeyFileOptions {
  readonly door?: string;
  readonly port?: string;
  readonly bind?: string;
  readonly host?: string;
  readonly via?: string;
}

export function addDoor(command: Command): Command {
  return command
    .option(
      '--door <auto|system|private>',
      "system: guests come through this machine's sshd; private: through one of this pairing's own (default: auto)",
    )
    .option('--port <n>', 'port of the sshd that guests come through (default: 22, or any for its own)')
    .option('--bind <address>', 'what an sshd of its own listens on (default: all addresses)');
}

/** @throws Refusal `usage` */
export function doorOf(options: DoorOptions): Omit<DoorIntent, 'keyFile' | 'forward'> {
  const { door = 'auto', port, bind, host, via } = options;
  const keyFileNamed = options.authorizedKeys !== undefined;
  if (door === 'private' && keyFileNamed)
    usage('a private door writes to no --authorized-keys file', 'drop one of the two');
  if (door === 'system' && bind !== undefined)
    usage(
      "--bind is for a private door: the system's listens where it is configured to",
      'drop one of the two',
    );
  return {
    door: parseDoor(door),
    keyFileNamed,
    ...(port === undefined ? {} : { port: parsePort(port, '--port') }),
    ...(bind === undefined ? {} : { bind: parseBind(bind) }),
    ...(host === undefined ? {} : { host: parseHost(host) }),
    ...(via === undefined ? {} : { via: parseJump(via) }),
  };
}

export function parsePort(text: string, option: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  return usage(`${option} ${JSON.stringify(text)} is not a port`, 'a port is a number from 1 to 65535');
}

export function parseDoor(text: string): DoorIntent['door'] {
  if (text === 'auto' || text === 'system' || text === 'private') return text;
  return usage(`--door ${JSON.stringify(text.slice(0, 80))} is no door`, 'use auto, system or private');
}

export function parseBind(text: string): string {
  if (isIP(text) !== 0) return text;
  return usage(
    `--bind ${JSON.stringify(text.slice(0, 80))} is no address`,
    'such as 127.0.0.1, or :: for all',
  );
}

export function parseHost(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) !== 0) return bare;
  if (/^[A-Za-z0-9][A-Za-z0-9.:_-]{0,252}$/.test(text)) return text;
  return usage(`--host ${JSON.stringify(text.slice(0, 80))} is not a host name or address`);
}
