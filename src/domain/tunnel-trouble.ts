/**
 * Why it could not be seen who answers at a tunnel's far end: the jump host does not allow it (`refused`), or our host
 * key is not known (`no-key`).
 */
export type Untried = 'refused' | 'no-key';

/** Why a tunnel through a jump host is not up. Texts come from outside. */
export type TunnelTrouble =
  /** ssh has ended, or could not have the jump host listen; `said` is what it said last. */
  | { readonly kind: 'ssh'; readonly said: string }
  /** The jump host listens, but nobody who has our host key answers there within some seconds. */
  | { readonly kind: 'unanswered'; readonly port: number; readonly said: string }
  /** Somebody answers there who has another host key. */
  | { readonly kind: 'astray'; readonly port: number };
