/** What one fetch may cost. The caller can change every number, as tests do. */
export interface Limits {
  /** Milliseconds until a request's answer begins: name resolution, connection, TLS and headers. */
  readonly firstByteMs: number;
  /** Milliseconds for a whole fetch, including every page and redirect. */
  readonly wholeMs: number;
  /** Bytes of a fetch's bodies, and of a file or of standard input. */
  readonly bytes: number;
  readonly redirects: number;
  readonly pages: number;
  /** Members of a team. */
  readonly members: number;
  /** Fetches in flight to one host. */
  readonly perHost: number;
}

export const defaultLimits: Limits = {
  firstByteMs: 5000,
  wholeMs: 10_000,
  bytes: 1_000_000,
  redirects: 3,
  pages: 10,
  members: 100,
  perHost: 8,
};
