/** What there is to say of doors: which one and why, what an sshd has against guests, and what mends it. */
import type { Doubt } from '../domain/doubt.ts';
import { effectOf, type Obstacle } from '../domain/obstacle.ts';
import { printable } from '../domain/text.ts';
import type { OwnBar } from '../door/own-bar.ts';
import type { KeyLine } from '../lease/lease.ts';
import type { Event } from '../session/events.ts';
import type { Remains } from '../session/ways-in.ts';
import { accountBarWords, accountMend, noLoginsWords } from './bar-words.ts';
import { blockEffect, blockWords, shortPath } from './shell-words.ts';
import { wordsOf } from './words.ts';

/** Which door it is, and why, in one line. */
export function doorWords({ door, port, why }: Extract<Event, { kind: 'door' }>): string {
  const through =
    door === 'system'
      ? `guests come through this machine's sshd, port ${port}`
      : `guests come through an sshd of this pairing's own, port ${port}`;
  switch (why.kind) {
    case 'asked':
    case 'answers':
      return through;
    case 'forward':
      return why.bar === undefined
        ? `so that the forwarded ports close at the end, ${through}`
        : `${through}: one of this pairing's own, which would close forwarded ports at the end, ${barWords(why.bar)}`;
    case 'silent':
      return `no sshd answers on port ${why.port}: ${through}`;
    case 'key-file':
      return `${wordsOf(why.failure).error}: ${through}`;
    case 'none':
      return `no sshd answers on port ${why.port}, and one of this pairing's own could make no terminals: ${why.mend}`;
    case 'obstacles':
      return `this machine's sshd on port ${why.port} won't do (${why.obstacles.map(obstacleWords).join('; ')}): ${through}`;
    case 'tried':
      return `${through}: ${why.doubts.map(doubtWords).join('; ')}, but a trial login got in`;
    case 'unproven':
      return `not port ${why.port} (${why.doubts.map(doubtWords).join('; ')}): ${through}`;
    case 'shell':
      return `guests of this machine's sshd on port ${why.port} ${blockEffect(why.block)} (${blockWords(why.block)}): ${through}`;
    default:
      return why satisfies never;
  }
}

function barWords(bar: OwnBar): string {
  if (bar.kind === 'no-terminals') return `could make no terminals: ${bar.mend}`;
  if (bar.kind === 'no-logins') return `would let nobody in: ${noLoginsWords(bar)}`;
  return `would let nobody in: ${accountBarWords(bar)}: ${accountMend(bar)}`;
}

/** What is to be said of an sshd of which not all is known, or that did not let a trial login in. */
export function doubtWarning(port: number, doubts: readonly Doubt[]): string[] {
  const past = doubts.filter(({ kind }) => isPast(kind)).map(doubtWords);
  const others = doubts.filter(({ kind }) => !isPast(kind));
  const all = others.map(doubtWords).join('; ');
  const failed = others.some(({ kind }) => /^(login-failed|loopback-only|reached-nowhere)$/.test(kind));
  const outlook = failed
    ? `your guest probably can't get in through port ${port}`
    : `it is not known whether your guest can get in through port ${port}`;
  return [
    ...(others.length === 0 ? [] : [`${outlook}: ${all}; see tmuxpair doctor`]),
    ...past.map(
      (words) => `this machine's sshd may let your guest in past the gate: ${words}; --door private does not`,
    ),
  ];
}

/** Whether it says that there may be a way in past the gate, not that there may be none. */
function isPast(kind: Doubt['kind']): boolean {
  return kind === 'environment-unsure' || kind === 'environment-taken';
}

export function doubtWords(doubt: Doubt): string {
  switch (doubt.kind) {
    case 'other-server':
      return `it greets as ${printable(doubt.greeting, 80)}, which is not OpenSSH`;
    case 'no-greeting':
      return 'it does not greet as an sshd';
    case 'refusing': {
      const said = doubt.said === '' ? 'without a word' : `with "${printable(doubt.said, 80)}"`;
      return `it refuses connections from this machine ${said} (PerSourcePenalties for a while, or hosts.deny)`;
    }
    case 'settings-unread':
      return "its settings can't be read";
    case 'settings-assumed':
      return `its process can't be seen: its settings are taken to be those of ${printable(doubt.configFile)}`;
    case 'settings-stale':
      return `its configuration (${printable(doubt.configFile)}) has changed since it was started: it may run with the one before, and what that accepts is not known`;
    case 'environment-unsure':
      return `the login shell may read other start-up files there than were tried: ${doubt.causes.map((one) => printable(one)).join(', ')} can set what it obeys`;
    case 'environment-taken':
      return `guests can set variables of your login shell, such as ${doubt.names.map((one) => printable(one)).join(', ')}`;
    case 'loopback-only':
      return `it listens on ${doubt.addresses.map((one) => printable(one)).join(', ')} only, which no other machine can reach`;
    case 'reached-nowhere':
      return `it does not listen on ${doubt.addresses.map((one) => printable(one)).join(', ')}, by which other machines reach this one`;
    case 'login-failed':
      return `a trial login with a key of type ${printable(doubt.type)} failed: ${printable(doubt.said) || 'ssh went without a word'}`;
    case 'key-accepted':
      return `it lets ${printable(doubt.guest)} in by itself, past the gate: their key stands in another file or comes from a program`;
    case 'login-untried':
      return `a trial login could not be made: ${wordsOf(doubt.failure).error}`;
    case 'types-untried':
      return `whether it accepts keys of type ${doubt.types.map((one) => printable(one)).join(', ')} can't be tried`;
    default:
      return doubt satisfies never;
  }
}

/** Whether it is read for all users of this machine, whichever sshd they come through. */
export function isShared(path: string): boolean {
  return /^\/(etc|usr)\//.test(path);
}

/** What is to be said of an sshd that guests are invited through all the same: a line for each effect. */
export function obstacleWarnings(door: 'system' | 'private', obstacles: readonly Obstacle[]): string[] {
  const sshd = door === 'system' ? "this machine's sshd" : "this pairing's sshd";
  const all = (effect: ReturnType<typeof effectOf>): string =>
    obstacles
      .filter((one) => effectOf(one) === effect)
      .map(obstacleWords)
      .join('; ');
  const [out, past, caution] = [all('keeps-out'), all('way-in'), all('caution')];
  return [
    ...(out === '' ? [] : [`${sshd} may keep your guest out: ${out}; see tmuxpair doctor`]),
    ...(past === '' ? [] : [`${sshd} may let your guest in past the gate: ${past}; --door private does not`]),
    ...(caution === '' ? [] : [`${sshd}: ${caution}`]),
  ];
}

/** Lines of files of keys that let guests in past the gate. */
export function keyLineWords(lines: readonly Pick<KeyLine, 'path' | 'line' | 'label'>[]): string {
  const one = ({ path, line, label }: (typeof lines)[number]): string =>
    `${printable(path)}:${line} lets ${printable(label)} in past the gate`;
  return lines.map(one).join('; ');
}

/** By what a guest may get in after access was taken back. */
export function remainsWords(who: string, { added, before, unknown, forwarded }: Remains): string[] {
  return [
    ...(added.length === 0 ? [] : [`${keyLineWords(added)}: delete what you did not put there`]),
    ...(before.length === 0 ? [] : [`${keyLineWords(before)}, as before`]),
    ...(unknown.length === 0
      ? []
      : [
          `whether this machine's sshd still lets ${printable(who)} in can't be known: ${unknown.map(obstacleWords).join('; ')}`,
        ]),
    ...(forwarded.length === 0
      ? []
      : [
          `a forwarding that ${printable(who)} may hold open without a terminal (ssh -N) can't be told from your own, and still reaches ${portsWords(forwarded)}`,
        ]),
  ];
}

function portsWords(ports: Remains['forwarded']): string {
  if (ports === 'any')
    return 'whatever you can reach from this machine: see which sshd of yours has no session';
  return `port ${ports.join(', ')}: close the port to close it`;
}

export function obstacleWords(obstacle: Obstacle): string {
  const under = obstacle.when === undefined ? '' : ` (${printable(obstacle.when)})`;
  return `${plainWords(obstacle)}${under}`;
}

function plainWords(obstacle: Obstacle): string {
  switch (obstacle.kind) {
    case 'keys-off':
      return 'it takes no keys: PubkeyAuthentication no';
    case 'other-key-file':
      return `it reads other files: AuthorizedKeysFile ${printable(obstacle.files.join(' ') || 'none')}`;
    case 'user-refused':
      return `its ${obstacle.by} keeps this account out`;
    case 'root-refused':
      return 'it keeps root out: PermitRootLogin no';
    case 'forced-command':
      return `it runs another command for everybody: ForceCommand ${printable(obstacle.command, 80)}`;
    case 'chroot':
      return `it shuts everybody up in a folder: ChrootDirectory ${printable(obstacle.folder, 80)}`;
    case 'other-methods':
      return `it wants more than a key: AuthenticationMethods ${printable(obstacle.methods, 80)}`;
    case 'no-terminals':
      return 'it gives no terminals: PermitTTY no';
    case 'all-refused':
      return `it lets nobody in: ${obstacle.setting}`;
    case 'keys-refused':
      return obstacle.guest === undefined
        ? `it accepts no key of any type: ${limit(obstacle)}`
        : `it accepts none of ${printable(obstacle.guest)}'s keys (${obstacle.types.join(', ')}): ${limit(obstacle)}`;
    case 'some-keys-refused':
      return obstacle.guest === undefined
        ? `it does not accept ${obstacle.types.join(', ')} keys: ${limit(obstacle)}`
        : `it does not accept all of ${printable(obstacle.guest)}'s keys (${obstacle.types.join(', ')}): ${limit(obstacle)}`;
    case 'modes': {
      const who = (obstacle.mode & 0o002) !== 0 ? 'everybody' : 'its group';
      return `it trusts no keys there: ${who} may write ${printable(obstacle.path)} (mode ${octal(obstacle.mode)})`;
    }
    case 'owner':
      return `it trusts no keys there: ${printable(obstacle.path)} belongs to user ${obstacle.uid}`;
    case 'keys-command':
      return `a program gives it keys: AuthorizedKeysCommand ${printable(obstacle.command, 80)}`;
    case 'user-ca':
      return obstacle.line === undefined
        ? `it accepts certificates: TrustedUserCAKeys ${printable(obstacle.path)}`
        : `it accepts certificates: cert-authority in ${printable(obstacle.path)}:${obstacle.line}`;
    case 'unread-key-file':
      return `it may find keys in ${printable(obstacle.path)}, which you can't read`;
    case 'unread-settings':
      return `you can't read all of its configuration: ${printable(obstacle.path)}`;
    case 'unresolved-match':
      return `unknown for whom it has the settings below ${printable(obstacle.match)}`;
    case 'guest-environment':
      return `guests can set variables of your login shell: AcceptEnv ${printable(obstacle.names.join(' '), 80)}`;
    case 'other-environment':
      return `it sets variables of your login shell for some guests: see below ${printable(obstacle.match)}`;
    case 'user-environment':
      return `it sets variables of your login shell: PermitUserEnvironment and ${printable(obstacle.path)}`;
    case 'hosts-limited':
      return `it lets this account in from some hosts only: AllowUsers …@${printable(obstacle.hosts.join(', '), 80)}`;
    case 'may-divert': {
      const cure = isShared(obstacle.path) ? '' : '; --door private does not read that file';
      return `${shortPath(obstacle.path)}:${obstacle.line} may give your guest's terminal to another program (${printable(obstacle.command, 40)}), under conditions that were not tried${cure}`;
    }
    case 'may-end': {
      const cure = isShared(obstacle.path) ? '' : '; --door private does not read that file';
      return `${shortPath(obstacle.path)}:${obstacle.line} may end your guest's login (${printable(obstacle.command, 40)}), under conditions that were not tried, such as the name of their terminal${cure}`;
    }
    case 'may-obey': {
      const cure = isShared(obstacle.path) ? '' : '; --door private does not read that file';
      return `${shortPath(obstacle.path)}:${obstacle.line} may run what a guest's ssh sets as a command: put quotes around ${printable(obstacle.variable, 40)}, and don't calculate with it or evaluate it${cure}`;
    }
    case 'source-rules': {
      const at = obstacle.line === undefined ? ", which you can't read," : `:${obstacle.line}`;
      const by = obstacle.module === undefined ? '' : ` (${printable(obstacle.module)})`;
      return `${printable(obstacle.path)}${at}${by} may refuse logins by where they come from: a trial on this machine does not tell`;
    }
    case 'revoked-unread':
      return `whether it refuses your guest's key is not known: you can't read RevokedKeys ${printable(obstacle.path)}`;
    case 'few-tries':
      return `it ends a login after ${obstacle.tries === 1 ? 'one key' : `${obstacle.tries} keys`} (MaxAuthTries): guests with more in their agent add -i KEY -o IdentitiesOnly=yes`;
    case 'ports-refused': {
      const what =
        obstacle.ports.length === 0
          ? 'no ports'
          : `not to ${obstacle.ports.map((one) => printable(one)).join(', ')}`;
      return `it forwards ${what}: ${printable(obstacle.setting, 80)}`;
    }
    default:
      return obstacle satisfies never;
  }
}

function limit({ setting, rsaBits }: { readonly setting: string; readonly rsaBits?: number }): string {
  return rsaBits === undefined ? setting : `${setting} ${rsaBits}`;
}

/** A mode as chmod takes it. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
