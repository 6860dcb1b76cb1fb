/** The invitation, as the host reads it. */
import { showDuration } from '../domain/duration.ts';
import type { Invitation } from '../domain/events.ts';
import { printable } from '../domain/text.ts';
import { clock } from './clock.ts';
import { doubtWarning, keyLineWords, obstacleWarnings } from './door-words.ts';
import type { Line } from './line.ts';
import { referenceWords } from './reference-words.ts';

export function invitation(invited: Invitation): Line[] {
  const { guests, routes, door, until, ttl, forward, hostMode, entry, keyLines } = invited;
  const lines = guests.flatMap(({ reference, label, access, keys }) => [
    `${label} (${referenceWords(reference)}) may join, ${access === 'read-only' ? 'view only' : 'and type'}`,
    ...keys.map(({ type, fingerprint }) => `    ${fingerprint} ${type}`),
  ]);
  lines.push(`until ${clock(until)} (${showDuration(ttl)}); ask them to run`, '', ...routeLines(routes), '');
  if (door.hostKeys.length > 0) {
    lines.push("and to compare this machine's host key, which ssh shows at first:");
    lines.push(...door.hostKeys.map(({ fingerprint, type }) => `    ${fingerprint} ${type}`));
  }
  const writers = guests.filter(({ access }) => access === 'read-write').map(({ label }) => label);
  if (writers.length > 0) {
    lines.push(`${writers.join(', ')} will type as you: whatever you can do in this account, they can`);
  }
  if (forward !== 'any' && forward.length > 0) {
    const caveat = door.kind === 'system' ? ' (sshd may let them make unix sockets here, too)' : '';
    lines.push(`they may reach port ${forward.join(', ')} of this machine${caveat}`);
    if (door.kind === 'system') {
      lines.push(
        'a forwarding that they hold open without a terminal (ssh -N) lasts past the end: close the port to close it',
      );
    }
  }
  if (hostMode === 'elsewhere') {
    lines.push(`guests are in only while you are: tmux -S ${entry.socket} attach -t ${entry.session}`);
    lines.push('end it with tmuxpair stop, or by detaching');
  }
  const warnings: string[] = [];
  if (forward === 'any') {
    warnings.push(
      'tmuxpair: warning: --allow-port-forwarding lets guests reach every port and socket that you can, past the gate; --forward PORT opens one',
    );
  }
  if (!door.answers) {
    warnings.push(
      `tmuxpair: warning: no sshd answers on port ${door.port} of this machine: your guest can't get in before one does (see --door private)`,
    );
  }
  if (door.shadowed !== undefined) {
    const name = printable(door.shadowed);
    warnings.push(
      `tmuxpair: warning: Tailscale's own SSH server answers on port 22 of ${name} and decides for itself who gets in: use another address, or --door private`,
    );
  }
  const doubts = [...doubtWarning(door.port, door.doubts), ...obstacleWarnings(door.kind, door.obstacles)];
  if (keyLines.length > 0) doubts.push(keyLineWords(keyLines));
  warnings.push(...doubts.map((text) => `tmuxpair: warning: ${text}`));
  return [
    ...lines.map((text): Line => ({ to: 'out', text })),
    ...warnings.map((text): Line => ({ to: 'err', text })),
  ];
}

/** The likeliest line alone, then the others with who can use them. */
function routeLines([first, ...others]: Invitation['routes']): string[] {
  if (first === undefined) return [];
  const widest = Math.max(0, ...others.map(({ reach }) => from[reach].length));
  const alone = first.reach === 'network' && others.every(({ reach }) => reach === 'network');
  return [
    `    ${printable(first.command, 1000)}`,
    ...(others.length === 0 ? [] : ['', first.reach === 'named' ? 'or' : `that is ${from[first.reach]}; or`]),
    ...others.map(({ reach, command }) => `    ${from[reach].padEnd(widest)}  ${printable(command, 1000)}`),
    ...(alone ? ['', 'that works within this network; for guests elsewhere, see --via and --host'] : []),
  ];
}

const from: Readonly<Record<Invitation['routes'][number]['reach'], string>> = {
  named: 'as you named it',
  internet: 'from the internet',
  tailnet: 'from your tailnet',
  network: 'from this network',
  jump: 'through the jump host',
};
