/** Why a gate refused a guest; `over` also if the guest was kicked. */
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
