/**
 * Whether everything that a pairing has put in place still stands while it lives. Others may have taken something away
 * on purpose. So it is reported and shown, and put back only if the host asks for that.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal, refuse } from '../domain/failure.ts';
import type { Trouble } from '../domain/trouble.ts';
import type { DoorWatch } from '../entrance/open-door.ts';
import { isTicking } from '../lease/deadline-file.ts';
import { openGate } from '../lease/gate.ts';
import { grantAgain } from '../lease/grant.ts';
import { type Expected, remember, type Standing } from '../lease/standing.ts';
import { claimStands, reclaim } from '../room/claim.ts';
import { startClock } from '../room/room.ts';
import { watchAddresses } from './address-watch.ts';
import type { Live, Lookout } from './live.ts';
import { otherKeyFiles } from './other-ways.ts';

/** In ms: how often to look, and how soon to look again before anything is reported: a file may be half written. */
const [every, once] = [1000, 300];
/** In ms: how often to look for other files that sshd reads keys from. */
const forFiles = 3000;
/** In ms: how long the clock may take to start, and a repair to show. */
const [toBegin, toShow] = [10_000, 3000];

/** Looks out for trouble once it is started. */
export function lookoutFor(live: Omit<Live, 'lookout'>): Lookout {
  const { lease } = live;
  let trouble: readonly Trouble[] = [];
  let begun: { readonly standing: Standing; readonly since: number; readonly sshd: DoorWatch } | undefined;
  const told = new Map<string, Trouble>();
  let suspected = new Map<string, Trouble>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  let files: { readonly at: number; readonly paths: readonly string[] } | undefined;
  const otherFiles = (): readonly string[] => {
    const at = performance.now();
    if (!files || at - files.at > forFiles) files = { at, paths: otherKeyFiles(live) };
    return files.paths;
  };

  const lost = watchAddresses(() => live.door.addresses());

  const expected = (): Expected => ({
    lines: live.lines,
    gateExisting: live.gateExisting,
    deadline: live.deadline,
    otherFiles: otherFiles(),
    isKnown: ({ path, label, base64 }) =>
      live.otherWays.lines.some(
        (line) => line.path === path && line.label === label && line.key.base64 === base64,
      ),
  });

  const look = (): void => {
    if (!begun || stopped || live.life.isOver) return;
    const { standing, since, sshd } = begun;
    const { room, deadMan } = live;
    trouble = [
      ...standing.look(expected()),
      ...clockTrouble(since),
      ...(deadMan.isArmed() ? [] : [{ kind: 'no-switch' } as const]),
      ...(room.claim && !claimStands(room)
        ? [{ kind: 'room-unclaimed', path: room.claim.folder } as const]
        : []),
      ...tunnelTrouble(),
      ...lost(),
      ...sshd.look(),
    ];
  };

  const clockTrouble = (since: number): Trouble[] => {
    const runs = isTicking(lease);
    const late = performance.now() - since > toBegin;
    return runs === false || (runs === undefined && late) ? [{ kind: 'no-clock' }] : [];
  };

  const tunnelTrouble = (): Trouble[] => {
    const down = live.door.tunnelTrouble();
    return down === undefined ? [] : [{ kind: 'tunnel-down', trouble: down }];
  };

  const tick = (): void => {
    if (stopped || live.life.isOver) return;
    look();
    // Trouble with the tunnel is reported as it happens.
    const telling = trouble.filter(({ kind }) => kind !== 'tunnel-down');
    const now = new Map(telling.map((one) => [JSON.stringify(one), one]));
    for (const [name, one] of now) {
      if (told.has(name) || !suspected.has(name)) continue;
      told.set(name, one);
      live.sinks.emit({ kind: 'trouble', trouble: one });
    }
    for (const [name, one] of told) {
      if (now.has(name)) continue;
      told.delete(name);
      live.sinks.emit({ kind: 'trouble-over', trouble: one });
    }
    const isNew = [...now.keys()].some((name) => !told.has(name));
    suspected = now;
    timer = setTimeout(tick, isNew ? once : every);
    timer.unref();
  };

  const repair = (): Promise<void> =>
    live.changes.take(async () => {
      look();
      if (!begun || live.life.isOver) refuse({ kind: 'no-such-pairing', ids: [] });
      const { standing, sshd } = begun;
      const kinds = new Set(trouble.map(({ kind }) => kind));
      if (kinds.has('lease-part')) {
        standing.restore(expected());
        for (const { label, access } of live.roster.welcome) openGate(lease, label, access);
      }
      if (kinds.has('room-unclaimed')) reclaim(live.room);
      if (kinds.has('no-clock')) await startClock(live.room, lease.clock);
      if (kinds.has('no-switch')) live.deadMan.forgive();
      live.door.retryTunnel();
      if ([...kinds].some((kind) => /^(sshd|login)-/.test(kind))) await sshd.again();
      const lines: readonly Trouble['kind'][] = [
        'lines-missing',
        'line-changed',
        'key-elsewhere',
        'key-file',
      ];
      if (lines.some((kind) => kinds.has(kind))) {
        const check = (): void => {
          if (live.life.isOver) refuse({ kind: 'no-such-pairing', ids: [] });
        };
        const { gateExisting } = live;
        await grantAgain(lease, () => live.lines, live.roster.welcome, { gateExisting, check }).catch(
          refuseToRepair,
        );
      }
      const until = performance.now() + toShow;
      for (look(); trouble.length > 0 && performance.now() < until; look()) await sleep(50);
      if (trouble.length > 0) refuse({ kind: 'trouble-left', trouble });
    });

  return {
    get trouble() {
      return trouble;
    },
    start: () => {
      const isOver = (): boolean => stopped || live.life.isOver;
      const sshd = live.door.watch({ guests: () => live.roster.guests, isOver });
      begun = { standing: remember(lease), since: performance.now(), sshd };
      timer = setTimeout(tick, every);
      timer.unref();
    },
    look,
    lastingWays: async () => begun?.sshd.lastingWays().catch(() => undefined), // If it fails, what was known at the start counts.
    repair,
    stop: async () => {
      await begun?.sshd.tried();
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function refuseToRepair(error: unknown): never {
  if (!(error instanceof Refusal) || error.failure.kind !== 'key-already-present') throw error;
  return refuse({ ...error.failure, repairing: true });
}
