import { constants } from 'node:os';
import type { StopSignal } from '../domain/end-reason.ts';

/** What a shell would report of a program ended by this signal. */
export function exitCodeOf(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}
