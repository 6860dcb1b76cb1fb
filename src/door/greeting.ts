/** What the server on a port says first. */
import { connect } from 'node:net';
import { bannerVersion, type SshdVersion } from './sshd-version.ts';

export type Greeting =
  /** `text` as in `SSH-2.0-OpenSSH_9.2p1 Debian-2`. */
  | { readonly kind: 'openssh'; readonly text: string; readonly version?: SshdVersion }
  /** Another server that speaks SSH: `SSH-2.0-Go`. */
  | { readonly kind: 'other'; readonly text: string }
  /**
   * Accepts connections, and closes them without a greeting. OpenSSH from 9.8 on does so for a while to an address from
   * which many connections without a login came (`PerSourcePenalties`). `text` is what it says, if anything.
   */
  | { readonly kind: 'refusing'; readonly text: string }
  /** Says something else, or nothing. */
  | { readonly kind: 'no-ssh' }
  /** Accepts no connection. */
  | { readonly kind: 'silent' };

/** How long, in ms, to wait for the greeting. */
const timeoutMs = 2000;

/**
 * Connects, waits for the greeting, and leaves. Such a connection is one without a login: OpenSSH from 9.8 on counts
 * those, and refuses the address after a dozen.
 */
export function knock(host: string, port: number): Promise<Greeting> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: timeoutMs });
    let said = '';
    let isConnected = false;
    const answer = (why: 'said' | 'closed' | 'late'): void => {
      socket.destroy();
      resolve(isConnected ? greetingIn(said, why !== 'late') : { kind: 'silent' });
    };
    socket.once('connect', () => {
      isConnected = true;
    });
    socket.setEncoding('latin1').on('data', (text) => {
      said += text;
      if (/^SSH-[^\n]*\n/m.test(said) || said.length > 4096) answer('said');
    });
    socket.on('end', () => answer('closed'));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      isConnected ||= code === 'ECONNRESET' || code === 'EPIPE';
      answer('closed');
    });
    socket.on('timeout', () => answer('late'));
  });
}

/** @param isOver whether nothing more was to come */
export function greetingIn(said: string, isOver: boolean): Greeting {
  const [, text] = /^(SSH-[^\r\n]*)\r?\n/m.exec(said) ?? [];
  if (text !== undefined) {
    if (!/^SSH-[\d.]+-OpenSSH/.test(text)) return { kind: 'other', text };
    const version = bannerVersion(text);
    return { kind: 'openssh', text, ...(version && { version }) };
  }
  const refusal = /^(Not allowed at this time|Exceeded MaxStartups)\s*$/.exec(said);
  if (refusal) return { kind: 'refusing', text: refusal[1] ?? '' };
  return isOver && said === '' ? { kind: 'refusing', text: '' } : { kind: 'no-ssh' };
}
