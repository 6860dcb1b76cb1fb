import { usage } from './failure.ts';

/** A host that both sides can reach. */
export interface Jump {
  readonly user?: string;
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port?: number;
}

/** Reads `[user@]jump[:port]`. An IPv6 address needs brackets. */
export function parseJump(text: string): Jump {
  const [, user, bracketed, plain, port] =
    /^(?:([A-Za-z0-9_][A-Za-z0-9_.-]{0,63})@)?(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9][A-Za-z0-9._-]{0,252}))(?::(\d{1,5}))?$/.exec(
      text,
    ) ?? [];
  const host = bracketed ?? plain;
  const number = port === undefined ? 22 : Number(port);
  if (host === undefined || number < 1 || number > 65_535) {
    usage(
      `--via ${JSON.stringify(text.slice(0, 80))} is no host to go through`,
      'write it as [user@]jump[:port]',
    );
  }
  return { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port: number }) };
}

/** `[user@]jump[:port]`, as `ssh -J` takes it. */
export function showJump({ user, host, port }: Jump): string {
  const bare = host.includes(':') ? `[${host}]` : host;
  return `${user === undefined ? '' : `${user}@`}${bare}${port === undefined || port === 22 ? '' : `:${port}`}`;
}
