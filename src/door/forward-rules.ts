/** Which ports of this machine an sshd lets a guest reach with `ssh -L`, whatever the guest's line allows. */
import { distinct, type Obstacle } from '../domain/obstacle.ts';
import { type Outlook, under } from './sshd-settings.ts';

export interface ForwardRules {
  /** The setting that turns forwarding off. */
  readonly off?: string;
  /** The only `HOST:PORT` that it forwards to. */
  readonly open?: readonly string[];
  /** As in {@link Outlook}. */
  readonly when?: string;
}

export function forwardRulesIn({ settings, when }: Outlook): ForwardRules {
  const one = (keyword: string): string => settings.get(keyword)?.[0] ?? '';
  const allowed = one('allowtcpforwarding');
  const off =
    one('disableforwarding') === 'yes'
      ? 'DisableForwarding yes'
      : /^(no|remote)$/.test(allowed)
        ? `AllowTcpForwarding ${allowed}`
        : undefined;
  const open = (settings.get('permitopen') ?? []).flatMap((value) => value.split(' '));
  const isLimited = open.length > 0 && !open.includes('any');
  return {
    ...(off === undefined ? {} : { off }),
    ...(isLimited ? { open } : {}),
    ...(when === undefined ? {} : { when }),
  };
}

/** Whether a guest from anywhere reaches that port as the guest's line asks for it, by the name `localhost`. */
export function forwards(rules: readonly ForwardRules[], port: number): boolean {
  return rules.every((rule) => rule.when !== undefined || reaches(rule, port));
}

/** @param ports those that guests are to reach; `any` if the host has not limited them */
export function forwardObstacles(
  rules: readonly ForwardRules[],
  ports: readonly number[] | 'any',
): Obstacle[] {
  return distinct(
    rules.flatMap((rule): Obstacle[] => {
      if (ports === 'any' ? rule.off === undefined : ports.every((port) => reaches(rule, port))) return [];
      const refused = ports === 'any' ? [] : ports.filter((port) => !reaches(rule, port)).map(String);
      const setting = rule.off ?? `PermitOpen ${rule.open?.join(' ')}`;
      return [under({ kind: 'ports-refused', ports: refused, setting }, rule.when)];
    }),
  );
}

function reaches({ off, open }: ForwardRules, port: number): boolean {
  const names = ['localhost', '*'].flatMap((host) => [`${host}:${port}`, `${host}:*`]);
  return off === undefined && (!open || names.some((name) => open.includes(name)));
}
