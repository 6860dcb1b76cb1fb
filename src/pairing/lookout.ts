/**
 * Whether all that a pairing has put in its place still stands while it lives. What others took away may have been taken on
 * purpose: it is told and shown, and put back where the host asks for that.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Event } from '../domain/events.ts';
import { Refusal, refuse } from '../domain/failure.ts';
import type { Trouble } from '../domain/trouble.ts';
import { isTicking } from '../lease/deadline-file.ts';
import { openGate } from '../lease/gate.ts';
import { grantAgain } from '../lease/grant.ts';
import { type Expected, remember } from '../lease/standing.ts';
import { claimStands, reclaim } from '../room/claim.ts';
import { startClock } from '../room/room.ts';
import { watchAddresses } from './address-watch.ts';
import type { Lookout } from './live.ts';
import { inTurn, type Live } from './live.ts';
import { otherKeyFiles } from './other-ways.ts';

/** In ms: how often to look, and how much later once more before anything is told: a file may be half written. */
const [every, once] = [1000, 300];
/** In ms: how often to look for other files that sshd reads keys from. */
const forFiles = 3000;
/** In ms: how long the clock may take to begin, and what is put right to show. */
const [toBegin, toShow] = [10_000, 3000];

/** Looks out from now on, and tells of what comes and goes. */
export function keepLookout(live: Live, tell: (event: Event) => void): Lookout {
  const { lease } = live;
  const standing = remember(lease);
  const since = performance.now();
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

  const sshd = live.door?.watch({
    guests: () => live.guests,
    isOver: () => stopped || live.ended !== undefined,
  });

  const lost = watchAddresses(() => live.door?.addresses() ?? []);

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
    if (stopped || live.ended) return;
    live.trouble = [
      ...standing.look(expected()),
      ...clockTrouble(),
      ...(live.deadMan?.isArmed() === false ? [{ kind: 'no-switch' } as const] : []),
      ...(live.room?.claim && !claimStands(live.room)
        ? [{ kind: 'room-unclaimed', path: live.room.claim.folder } as const]
        : []),
      ...tunnelTrouble(),
      ...lost(),
      ...(sshd?.look() ?? []),
    ];
  };

  const clockTrouble = (): Trouble[] => {
    const runs = isTicking(lease);
    const late = performance.now() - since > toBegin;
    return runs === false || (runs === undefined && late) ? [{ kind: 'no-clock' }] : [];
  };

  const tunnelTrouble = (): Trouble[] => {
    const trouble = live.door?.tunnelTrouble();
    return trouble === undefined ? [] : [{ kind: 'tunnel-down', trouble }];
  };

  const tick = (): void => {
    if (stopped || live.ended) return;
    look();
    // What becomes of the tunnel is told as it happens.
    const telling = live.trouble.filter(({ kind }) => kind !== 'tunnel-down');
    const now = new Map(telling.map((trouble) => [JSON.stringify(trouble), trouble]));
    for (const [name, trouble] of now) {
      if (told.has(name) || !suspected.has(name)) continue;
      told.set(name, trouble);
      tell({ kind: 'trouble', trouble });
    }
    for (const [name, trouble] of told) {
      if (now.has(name)) continue;
      told.delete(name);
      tell({ kind: 'trouble-over', trouble });
    }
    const isNew = [...now.keys()].some((name) => !told.has(name));
    suspected = now;
    timer = setTimeout(tick, isNew ? once : every);
    timer.unref();
  };

  const repair = (): Promise<void> =>
    inTurn(live, async () => {
      look();
      if (live.ended) refuse({ kind: 'no-such-pairing', ids: [] });
      const kinds = new Set(live.trouble.map(({ kind }) => kind));
      if (kinds.has('lease-part')) {
        standing.restore(expected());
        for (const { label, access } of live.guests) if (!live.out.has(label)) openGate(lease, label, access);
      }
      if (kinds.has('room-unclaimed') && live.room) reclaim(live.room);
      if (kinds.has('no-clock') && live.room) await startClock(live.room, lease.clock);
      if (kinds.has('no-switch')) live.deadMan?.forgive();
      live.door?.retryTunnel();
      if ([...kinds].some((kind) => /^(sshd|login)-/.test(kind))) await sshd?.again();
      const lines: readonly Trouble['kind'][] = [
        'lines-missing',
        'line-changed',
        'key-elsewhere',
        'key-file',
      ];
      if (lines.some((kind) => kinds.has(kind))) {
        const check = (): void => {
          if (live.ended) refuse({ kind: 'no-such-pairing', ids: [] });
        };
        const guests = live.guests.filter(({ label }) => !live.out.has(label));
        const { gateExisting } = live;
        await grantAgain(lease, () => live.lines, guests, { gateExisting, check }).catch(refuseToRepair);
      }
      const until = performance.now() + toShow;
      for (look(); live.trouble.length > 0 && performance.now() < until; look()) await sleep(50);
      if (live.trouble.length > 0) refuse({ kind: 'trouble-left', trouble: live.trouble });
    });

  timer = setTimeout(tick, every);
  timer.unref();
  return {
    look,
    repair,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
    tried: async () => sshd?.tried(),
  };
}

function refuseToRepair(error: unknown): never {
  if (!(error instanceof Refusal) || error.failure.kind !== 'key-already-present') throw error;
  return refuse({ ...error.failure, repairing: true });
}
