/** What to report of a tunnel. */

import type { Event } from '../domain/events.ts';
import { showJump } from '../domain/jump.ts';
import { printable } from '../domain/text.ts';
import type { TunnelTrouble } from '../domain/tunnel-trouble.ts';

/** Why a tunnel is not up. */
export function tunnelWords(trouble: TunnelTrouble): string {
  switch (trouble.kind) {
    case 'ssh':
      return printable(trouble.said, 300) || 'ssh ended without a word';
    case 'unanswered':
      return `its port ${trouble.port} does not lead to this machine's sshd${trouble.said === '' ? '' : `: ${printable(trouble.said, 300)}`}`;
    case 'astray':
      return `its port ${trouble.port} leads to an sshd with another host key than this machine's`;
    default:
      return trouble satisfies never;
  }
}

/** Why a tunnel that is up was not tried. */
export function untriedWords({ jump, why }: Extract<Event, { kind: 'tunnel-untried' }>): string {
  const reason =
    why === 'no-key'
      ? "this machine's host key is not known"
      : `${printable(showJump(jump))} lets this account listen, but not connect; allow permitopen="127.0.0.1:*" there to have it tried`;
  return `it was not tried whether the tunnel leads here: ${reason}`;
}

/** Says that the line is not all that guests need. */
export function hiddenWords({ jump }: Extract<Event, { kind: 'jump-hidden' }>): string {
  return `your ssh_config gets to ${printable(showJump(jump))} by a command (ProxyCommand), which your guest does not have: they need a way there of their own`;
}

/** Says which accounts guests don't log in as, since the line does not. */
export function loginsWords({ logins }: Extract<Event, { kind: 'jump-logins' }>): string {
  const named = logins.map((one) => printable(showJump(one))).join(' and ');
  return `you log in to ${named} by your ssh_config; your guest's line leaves the user name to their ssh (only --via user@jump puts one into it)`;
}
