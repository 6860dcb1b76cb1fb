/** Why it could not be seen who answers at a tunnel's far end: the jump host lets nobody see; our host key is not known. */
export type Untried = 'refused' | 'no-key';

/** Why a tunnel through a jump host is not up. Texts come from outside. */
export type TunnelTrouble =
  /** ssh has ended, or could not have the jump host listen; it said this last. */
  | { readonly kind: 'ssh'; readonly said: string }
  /** The jump host listens, and nobody who has our host key answers there within some seconds. */
  | { readonly kind: 'unanswered'; readonly port: number; readonly said: string }
  /** Somebody answers there who has another host key. */
  | { readonly kind: 'astray'; readonly port: number };
