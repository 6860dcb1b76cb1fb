/** Why a gate let nobody through; `over` also where the guest was kicked. */
export const refusalReasons = [
  'over',
  'expired',
  'early',
  'unsafe',
  'many',
  'full',
  'terminal',
  'small',
  'large',
  'unanswered',
  'asking',
  'refused',
] as const;

export type RefusalReason = (typeof refusalReasons)[number];
