/** Why an sshd may be no good for guests, in words. */
import type { Obstacle } from '../domain/obstacle.ts';
import { printable } from '../domain/text.ts';
import { shortPath } from './shell-words.ts';

/** Whether it is read for all users of this machine, whichever sshd they come through. */
export function isShared(path: string): boolean {
  return /^\/(etc|usr)\//.test(path);
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
function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
