import { readdirSync, readFileSync } from 'node:fs';
import type { Stage } from './fixture.ts';
import type { Forge } from './forge/start.ts';
import type { Identity } from './identity.ts';

/** Where pins are kept without a keychain. */
export function pinFolder({ account }: Stage): string {
  return `${account.home}/.local/state/tmuxpair/pins`;
}

/** The records of the pins in files, by what the guest is remembered by. */
export function pinsInFiles(stage: Stage): Map<string, Record<string, unknown>> {
  const folder = pinFolder(stage);
  return new Map(
    readdirSync(folder).map((name) => {
      const record = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'));
      return [record.reference, record];
    }),
  );
}

/** Makes every pin in files as old as if it had been written that many days ago. */
export async function agePins(stage: Stage, days: number): Promise<void> {
  const folder = pinFolder(stage);
  const then = new Date(Date.now() - days * 86_400_000).toISOString();
  for (const name of readdirSync(folder)) {
    const record = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'));
    const times = Object.keys(record).filter((key) => key.endsWith('Seen') || key === 'lastPaired');
    const aged = { ...record, ...Object.fromEntries(times.map((key) => [key, then])) };
    await stage.writeFile(`.local/state/tmuxpair/pins/${name}`, JSON.stringify(aged));
  }
}

/** Gives a forge's user these keys and no others. */
export function give(forge: Forge, user: string, ...identities: readonly Identity[]): void {
  forge.users = { ...forge.users, [user]: identities.map(({ publicKey }) => ({ key: publicKey })) };
}
