/**
 * The arguments of the ssh that goes to the jump host. It is the user's own, with their configuration: nobody else can
 * know how to get there (`Match`, `ProxyJump`, `IdentityFile`, certificates, an agent). What would do more than get
 * there is left out, such as their forwardings. ssh can only leave those out together with any on the command line
 * (`ClearAllForwardings`), so ours is asked for afterwards, over a control socket of our own (see tunnel.ts).
 */

import type { Jump } from '../domain/jump.ts';
import { shQuote } from '../domain/sh-word.ts';

/** What ssh makes of the user's configuration for the jump host: lines of `ssh -G`. */
export interface JumpConfig {
  /** The jump host as anybody can find it: the configuration may give it another name. */
  readonly jump: Jump;
  /** The account that the connection logs in to there. */
  readonly login?: string | undefined;
  /** The hosts that ssh goes through, in that order, as the configuration names them (`ProxyJump`). */
  readonly before: readonly Jump[];
  /** Whether the way there can't be told to others, for example because of `ProxyCommand`. */
  readonly isHidden: boolean;
  /** Settings to override, in the form of `-o`: it has them set otherwise, and older ssh would not know them. */
  readonly undone: readonly string[];
}

/**
 * @param told by `ssh -G`: one keyword in lower case and its value per line. Empty if ssh can't read its configuration:
 * then it says so itself when it is started
 */
export function readJumpConfig(jump: Jump, told: string): JumpConfig {
  const value = (name: string): string | undefined => new RegExp(`^${name} (.+)$`, 'm').exec(told)?.[1];
  const [host, port] = [value('hostname') ?? jump.host, Number(value('port') ?? 22)];
  const harmless: Readonly<Record<string, string>> = {
    ForkAfterAuthentication: 'no',
    RemoteCommand: 'none',
    ChannelTimeout: 'none',
  };
  const undone = Object.entries(harmless).flatMap(([name, wanted]) => {
    const found = value(name.toLowerCase());
    return found === undefined || found === wanted ? [] : [`${name}=${wanted}`];
  });
  const before = (value('proxyjump') ?? '').split(',').filter((one) => one !== '');
  const hops = before.flatMap((one) => hopIn(one) ?? []);
  return {
    jump: { ...jump, host, port },
    ...(value('user') === undefined ? {} : { login: value('user') }),
    before: hops.length === before.length ? hops : [],
    isHidden: value('proxycommand') !== undefined || hops.length < before.length,
    undone,
  };
}

/** One host of `ProxyJump`: `[user@]host[:port]`, perhaps with `ssh://` in front. */
function hopIn(text: string): Jump | undefined {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:([^@\s]+)@)?(?:\[([^\]\s]+)\]|([^@:[\]\s]+))(?::(\d+))?\/?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) return undefined;
  return {
    host,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}

/** The arguments whose output {@link readJumpConfig} reads. */
export function configArgs(jump: Jump): string[] {
  return ['-G', ...destination(jump)];
}

/**
 * The arguments of the connection. Settings that would ask questions while tmux has the terminal, share a connection
 * with others, or run something are overridden here, and come first: ssh takes the first value that it sees.
 * @param files where to listen for {@link askArgs}, and where to log; safe tokens
 */
export function connectArgs(
  jump: Jump,
  undone: readonly string[],
  files: { readonly control: string; readonly log: string },
): string[] {
  const settings = [
    'ClearAllForwardings=yes',
    'ControlMaster=yes',
    `ControlPath=${files.control.replaceAll('%', '%%')}`,
    'ControlPersist=no',
    'BatchMode=yes',
    'ConnectTimeout=10',
    'ServerAliveInterval=5',
    'ServerAliveCountMax=3',
    'ForwardAgent=no',
    'ForwardX11=no',
    'PermitLocalCommand=no',
    'RequestTTY=no',
    'Tunnel=no',
    'LogLevel=INFO',
    ...undone,
  ];
  // What ssh itself says goes to a file of its own: a jump host's banner could say the same.
  return ['-N', '-E', files.log, ...settings.flatMap((one) => ['-o', one]), ...destination(jump)];
}

/** A host before the jump host, as ssh is to be asked for it, and the settings to override for it. */
export interface Hop {
  readonly asked: Jump;
  readonly undone: readonly string[];
}

/**
 * What ssh would start for `ProxyJump`, without anything in their configuration that does more than get there. Uses an
 * existing connection to one of them, but leaves none for others.
 * @param hops in the order of the way. The first is reached as its configuration says
 * @returns as for `ProxyCommand`; `undefined` without any
 */
export function proxyCommand(hops: readonly Hop[]): string | undefined {
  const settings = [
    'ClearAllForwardings=yes',
    'ControlMaster=no',
    'BatchMode=yes',
    'ConnectTimeout=10',
    'ForwardAgent=no',
    'ForwardX11=no',
    'PermitLocalCommand=no',
    'Tunnel=no',
  ];
  let command: string | undefined;
  for (const { asked, undone } of hops) {
    const before = command === undefined ? [] : [`ProxyCommand=${command.replaceAll('%', '%%')}`];
    const options = [...settings, ...undone, ...before].flatMap((one) => ['-o', one]);
    const words = ['ssh', ...options, '-W', '[%h]:%p', ...destination(asked)];
    command = words.map((word) => (/^[\w=.-]+$/.test(word) ? word : shQuote(word))).join(' ');
  }
  return command;
}

/** The arguments of an ssh that has the one at `control` do something for it, and reads none of the user's files. */
export function askArgs(control: string, ...what: readonly string[]): string[] {
  return ['-F', '/dev/null', '-S', control.replaceAll('%', '%%'), ...what, 'jump'];
}

/** For `-R`: listens there on loopback, and brings what comes to an address here. @param port 0 for any */
export function remoteForward(port: number, to: { readonly host: string; readonly port: number }): string {
  const host = to.host.includes(':') ? `[${to.host}]` : to.host;
  return `127.0.0.1:${port}:${host}:${to.port}`;
}

function destination({ user, host, port }: Jump): string[] {
  return [
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    '--',
    host,
  ];
}
