import { timeLeft } from './airlock.ts';

/** What our status segment shows: the time left, and who is in. Only user options in it can hold outside text. */
export const segment = `#{?@tmuxpair-until,[pairing ${timeLeft('@tmuxpair-until')}#{@tmuxpair-guests}] ,}`;

/** How many more columns the right-hand part of the host's status line gets, so theirs is not cut off. */
export const segmentWidth = 24;
