/**
 * The ssh that goes to the jump host, as arguments. It is the user's own, with their configuration: how to get there
 * (`Match`, `ProxyJump`, `IdentityFile`, certificates, an agent) is for nobody else to know. What would do more than get
 * there is left out: their forwardings, which ssh can only leave out together with any on the command line
 * (`ClearAllForwardings`). So ours is asked for afterwards, over a control socket of our own (see tunnel.ts).
 */

import type { Jump } from '../domain/jump.ts';
import { shQuote } from '../domain/sh-word.ts';

/** What ssh makes of the user's configuration for the jump host: lines of `ssh -G`. */
export interface JumpConfig {
  /** The jump host as anybody can find it: the configuration may give it another name. */
  readonly jump: Jump;
  /** The account there that the connection logs in to. */
  readonly login?: string | undefined;
  /** What it says that ssh goes through, in that order, as it is written there (`ProxyJump`). */
  readonly before: readonly Jump[];
  /** Whether it has a way there that can't be told to others, as by `ProxyCommand`. */
  readonly isHidden: boolean;
  /** What it sets that has to be set otherwise, and that older ssh would not know: as for `-o`. */
  readonly undone: readonly string[];
}

/**
 * @param told by `ssh -G`: a keyword in small letters and its value a line. Nothing, where ssh can't read its
 *   configuration: then it says so itself when it is started
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

/** One of `ProxyJump`, `[user@]host[:port]` or `ssh://` before that. */
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

/** The arguments by which {@link readJumpConfig} is told. */
export function configArgs(jump: Jump): string[] {
  return ['-G', ...destination(jump)];
}

/**
 * The arguments of the connection. What would ask questions while tmux has the terminal, share a connection with others,
 * or run something is set otherwise here, and comes first: ssh takes the first value that it sees.
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
  // A file of its own for what ssh says itself: a jump host's banner could say the same.
  return ['-N', '-E', files.log, ...settings.flatMap((one) => ['-o', one]), ...destination(jump)];
}

/** A host before the jump host, as ssh is to be asked for it, and what its configuration makes of it. */
export interface Hop {
  readonly asked: Jump;
  readonly undone: readonly string[];
}

/**
 * What ssh would start for `ProxyJump`, without what their configuration has that does more than get there. A connection
 * to one of them that is there already is used; none is left for others.
 * @param hops in the order in which they are gone through. The first is reached as its configuration says
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

/** The arguments of an ssh that has the one at `control` do something for it, and reads nothing of the user's. */
export function askArgs(control: string, ...what: readonly string[]): string[] {
  return ['-F', '/dev/null', '-S', control.replaceAll('%', '%%'), ...what, 'jump'];
}

/** For `-R`: listen there on loopback, and bring what comes to an address here. @param port 0 for any */
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
