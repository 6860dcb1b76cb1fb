/** A line of the log, as data. */

/** What happened, for one line. */
export type Happening =
  | { readonly event: 'started'; readonly session: string; readonly deadline: string }
  | {
      readonly event: 'invited';
      readonly guest: string;
      readonly reference: string;
      readonly access: string;
      /** Only the first of them, if there are many. */
      readonly fingerprints: readonly string[];
    }
  | {
      readonly event: 'joined' | 'left';
      readonly guest: string;
      readonly reference: string;
      readonly access: string;
      readonly address: string;
      readonly fingerprint: string;
    }
  | {
      readonly event: 'refused';
      readonly guest: string;
      readonly reference: string;
      readonly address: string;
      readonly why: string;
    }
  | {
      readonly event: 'login-ended';
      readonly guest: string;
      readonly reference: string;
      readonly address: string;
      readonly fingerprint: string;
      readonly why: string;
    }
  | { readonly event: 'login-refused'; readonly address: string; readonly why: string }
  | { readonly event: 'kicked'; readonly guest: string; readonly reference: string }
  | {
      readonly event: 'access';
      readonly guest: string;
      readonly reference: string;
      readonly access: string;
    }
  | { readonly event: 'extended'; readonly deadline: string }
  | {
      readonly event: 'ended';
      /** The kind of an `EndReason`, or `failed`. */
      readonly reason: string;
      readonly signal?: string;
      /** What could not be taken back. */
      readonly failure?: string;
      /** Guests who logged in, and were never in. */
      readonly neverIn?: readonly string[];
      /** How many visits are not in the log, because there were too many. */
      readonly omitted?: number;
    }
  /** Taken back after its supervisor had died. */
  | { readonly event: 'swept' };

/** One line, as it is in the file. Times are ISO 8601 in UTC. */
export type LogLine = { readonly v: 1; readonly at: string; readonly pairing: string } & Happening;

/** The line in a text; `undefined` if there is none. Of the event, only its name is checked. */
export function lineFrom(text: string): LogLine | undefined {
  try {
    const value = JSON.parse(text);
    const { v, at, pairing, event } = value ?? {};
    const isLine = v === 1 && [at, pairing, event].every((field) => typeof field === 'string');
    return isLine && !Number.isNaN(Date.parse(at)) ? value : undefined;
  } catch {
    return undefined;
  }
}
