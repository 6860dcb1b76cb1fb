/** What there is to say of doors: which one and why, what an sshd has against guests, and what mends it. */
import type { Obstacle } from '../domain/obstacle.ts';
import { printable } from '../domain/text.ts';
import type { Event } from '../session/events.ts';

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
    case 'none':
      return `no sshd answers on port ${why.port}, and one of this pairing's own could make no terminals: ${why.mend}`;
    case 'obstacles':
      return `this machine's sshd on port ${why.port} won't do (${why.obstacles.map(obstacleWords).join('; ')}): ${through}`;
    default:
      return why satisfies never;
  }
}

export function obstacleWords(obstacle: Obstacle): string {
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
    case 'modes': {
      const who = (obstacle.mode & 0o002) !== 0 ? 'everybody' : 'its group';
      return `it trusts no keys there: ${who} may write ${printable(obstacle.path)} (mode ${octal(obstacle.mode)})`;
    }
    case 'owner':
      return `it trusts no keys there: ${printable(obstacle.path)} belongs to user ${obstacle.uid}`;
    default:
      return obstacle satisfies never;
  }
}

/** A mode as chmod takes it. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
