import { Refusal, refuse } from '../src/domain/failure.ts';
import type { Token } from './environment.ts';

/** A forge as one fetch sees it: every request of the fetch stays on `base`'s scheme, host and port. */
export interface Site {
  /** The guest whose keys are fetched, for messages. */
  readonly reference: string;
  readonly base: URL;
  /** Sent to `base`'s origin alone, in this header. */
  readonly token?: Token & { readonly header: 'authorization' | 'private-token' };
  /** The variable whose token would raise this host's limits. */
  readonly tokenVariable?: string;
  /** The scopes of which a classic token needs one here, the least first. */
  readonly scopes?: readonly string[];
}

/** The forge answered, but not with anything to take keys from. */
export function badAnswer(site: Site, problem: string): never {
  return refuse({ kind: 'forge-answer', ...at(site), problem });
}

/** A {@link Refusal} for the time limit that ran out. */
export function tooSlow(site: Site, milliseconds: number): Refusal {
  return new Refusal({ kind: 'forge-timeout', ...at(site), seconds: milliseconds / 1000 });
}

export function at(site: Site): { readonly reference: string; readonly host: string } {
  return { reference: site.reference, host: site.base.host };
}

/** The name of the variable that would help, if no token was sent. */
export function helpful(site: Site): { readonly tokenVariable?: string } {
  return site.token || !site.tokenVariable ? {} : { tokenVariable: site.tokenVariable };
}
