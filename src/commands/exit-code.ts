import { constants } from 'node:os';
import type { StopSignal } from '../domain/events.ts';

/** What a shell would report of a program that this signal ended. */
export function exitCodeOf(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}
