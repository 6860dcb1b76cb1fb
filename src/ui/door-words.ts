/** What there is to say of doors: which one and why, what an sshd has against guests, and what mends it. */
import { effectOf, type Obstacle } from '../domain/obstacle.ts';
import { printable } from '../domain/text.ts';
import type { KeyLine } from '../lease/lease.ts';
import type { Event } from '../session/events.ts';
import type { Remains } from '../session/other-ways.ts';
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
      return why.mend === undefined
        ? `so that the forwarded ports close at the end, ${through}`
        : `${through}: one of this pairing's own, which would close forwarded ports at the end, could make no terminals: ${why.mend}`;
    case 'silent':
      return `no sshd answers on port ${why.port}: ${through}`;
    case 'key-file':
      return `${wordsOf(why.failure).error}: ${through}`;
    case 'none':
      return `no sshd answers on port ${why.port}, and one of this pairing's own could make no terminals: ${why.mend}`;
    case 'obstacles':
      return `this machine's sshd on port ${why.port} won't do (${why.obstacles.map(obstacleWords).join('; ')}): ${through}`;
    default:
      return why satisfies never;
  }
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
export function remainsWords(who: string, { added, before, unknown }: Remains): string[] {
  return [
    ...(added.length === 0 ? [] : [`${keyLineWords(added)}: delete what you did not put there`]),
    ...(before.length === 0 ? [] : [`${keyLineWords(before)}, as before`]),
    ...(unknown.length === 0
      ? []
      : [
          `whether this machine's sshd still lets ${printable(who)} in can't be known: ${unknown.map(obstacleWords).join('; ')}`,
        ]),
  ];
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
    case 'user-environment':
      return `it sets variables of your login shell: PermitUserEnvironment and ${printable(obstacle.path)}`;
    case 'hosts-limited':
      return `it lets this account in from some hosts only: AllowUsers …@${printable(obstacle.hosts.join(', '), 80)}`;
    case 'few-tries':
      return `it ends a login after ${obstacle.tries === 1 ? 'one key' : `${obstacle.tries} keys`} (MaxAuthTries): guests with more in their agent add -i KEY -o IdentitiesOnly=yes`;
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
