/** The proof that a guest's connection reaches the gate and nothing else: made, remembered, and kept up. */

import { isDeepStrictEqual } from 'node:util';
import type { ShellBlock } from '../domain/shell-block.ts';
import { withoutStartUp } from '../door/sshd-config.ts';
import type { SshdVersion } from '../door/sshd-version.ts';
import type { SystemDoor } from '../door/system.ts';
import { type Lease, makeEmptyHome } from '../lease/lease.ts';
import { endProbe } from '../lease/probe.ts';
import {
  corrected,
  type LoginEnvironment,
  loginEnvironment,
  plainEnvironment,
  steering,
} from '../shell/login-environment.ts';
import { loginShell } from '../shell/shell.ts';
import { startUpFiles } from '../shell/start-up.ts';
import { thisAccount } from '../system/account.ts';
import { deferred } from '../system/deferred.ts';
import { type Marks, markFiles, recall, remember, unlearn } from '../system/remembered.ts';
import { Turns } from '../system/turns.ts';
import { probeShell } from './shell-probe.ts';

export interface ShellGuard {
  /**
   * Proves it, or remembers that it was proven. `again` should be called soon after.
   * @param system the machine's sshd that guests come through; absent while that is not known: then the likely case is
   * proven, and this must be called again
   * @returns what keeps guests from the gate; nothing of the probe runs any more then
   * @throws Refusal `program-failed`, `run-directory-refused`
   */
  prove(system?: Pick<SystemDoor, 'known'>): Promise<ShellBlock | undefined>;
  /** Tries it again; `ifChanged` only if something that it depends on has changed since it last succeeded. */
  again(when?: 'ifChanged'): Promise<ShellBlock | undefined>;
  /** Ends a trial that runs now, and tries nothing more. Resolves once that is done, whatever came of it. */
  giveUp(): Promise<void>;
  /** When a trial last succeeded, as a `performance.now()`. Absent while that is only remembered. */
  triedAt(): number | undefined;
}

/** What a guard uses of a pairing. */
export interface Guarded {
  readonly lease: Lease;
  /** Whether its end has begun. */
  readonly isOver: () => boolean;
  /** Settles when everything that the last trial of the login shell has started is gone. */
  probed?: Promise<void>;
}

/** The sshd that starts the shell. */
export type ShellWay =
  | { readonly kind: 'system' }
  | { readonly kind: 'private'; readonly version: SshdVersion };

export interface GuardWorld {
  readonly env: NodeJS.ProcessEnv;
  readonly tmux: string;
  readonly onSlow: (shell: string) => void;
}

/** In ms: how long it may take to reach the gate. A private sshd ends the login 5 s after it began. */
const limits = { system: 12_000, private: 4500 };

/** Seconds for which a success is remembered while nothing changes. */
const lifetime = 7 * 86_400;

/** What a proof depends on. */
interface Ground {
  /** The environments in which sshd may start the shell, each once. */
  readonly environments: readonly LoginEnvironment[];
  /** The environment that a login of the first kind was seen to have at the gate; empty if none was seen. */
  readonly seen: readonly string[];
  /**
   * All that as text, alike from one pairing to the next. Of what was seen, it has only what a trial did not have, too.
   */
  readonly text: string;
  readonly marks: Marks;
  /** Whether all files that were found are marked. */
  readonly isWhole: boolean;
}

export function guardShell(live: Guarded, way: ShellWay, { env, tmux, onSlow }: GuardWorld): ShellGuard {
  const { folder, emptyHome } = live.lease;
  // Looked up each time: it may change while the pairing lives.
  const accountNow = () => ({ ...thisAccount(), shell: loginShell().path });
  const setEnv = way.kind === 'private' ? withoutStartUp(way.version, emptyHome) : [];
  if (setEnv.length > 0) makeEmptyHome(live.lease);
  const name = `shell-${way.kind}`;
  const factsNow = (): string[] => {
    const { shell, home } = accountNow();
    return ['shell probe 5', shell, home];
  };
  let door: Pick<SystemDoor, 'known'> | undefined;
  /** The ground on which it last succeeded, or is remembered to have succeeded. */
  let proven: Pick<Ground, 'text' | 'marks'> | undefined;
  /** The variables that steered the shell at the end of the last trial in the first environment. */
  let tried: readonly string[] = [];
  let failed: { readonly text: string; readonly block: ShellBlock } | undefined;
  let triedAt: number | undefined;
  let givenUp = false;
  const isOver = (): boolean => givenUp || live.isOver();
  const turns = new Turns();

  const textOf = ({ entries, accepts }: LoginEnvironment): string =>
    JSON.stringify([entries, accepts]).replaceAll(emptyHome, '');
  /** The first environment as a login was seen to have it, if that differs. */
  const correction = ({ environments, seen }: Omit<Ground, 'text'>): LoginEnvironment | undefined => {
    const [first] = environments;
    if (!first || tried.length === 0 || seen.length === 0) return undefined;
    const real = corrected(first, tried, seen);
    return isDeepStrictEqual(real, first) ? undefined : real;
  };
  const look = async (): Promise<Ground> => {
    const { settings: known = [], seen = [] } = (await door?.known()) ?? {};
    const account = accountNow();
    const all =
      way.kind === 'private'
        ? [plainEnvironment(account, setEnv)]
        : (known.length > 0 ? known : [undefined]).map((settings) => loginEnvironment(account, settings));
    const environments = [...new Map(all.map((one) => [textOf(one), one])).values()];
    const files = environments.map(({ entries }) => startUpFiles(account.shell, entries));
    const paths = [...files.flatMap((found) => found.paths), ...environments.flatMap((one) => one.files)];
    const ground = {
      environments,
      seen,
      marks: markFiles(paths.filter((path) => !path.startsWith(`${emptyHome}/`))),
      isWhole: files.every((found) => found.isWhole),
    };
    const real = correction(ground);
    return { ...ground, text: [...environments, ...(real ? [real] : [])].map(textOf).join('\n') };
  };
  /** @returns what keeps guests from the gate, or the environment in which it was reached */
  const probeIn = async (
    environment: LoginEnvironment,
    slow: GuardWorld['onSlow'],
  ): Promise<ShellBlock | readonly string[]> => {
    await live.probed; // Its end would end this probe, too.
    await endProbe(folder);
    if (isOver()) return [];
    return probeShell({ folder, tmux, environment, limit: limits[way.kind], onSlow: slow });
  };
  const probeAll = async (ground: Ground, slow: GuardWorld['onSlow']): Promise<ShellBlock | undefined> => {
    for (const [at, environment] of ground.environments.entries()) {
      const reached = await probeIn(environment, slow);
      if ('outcome' in reached) return reached;
      if (at > 0) continue;
      tried = steering(reached);
      const real = correction(ground);
      const again = real ? await probeIn(real, slow) : [];
      if ('outcome' in again) return again;
    }
    return undefined;
  };
  const probe = async (slow: GuardWorld['onSlow']): Promise<ShellBlock | undefined> => {
    for (let round = 1; ; round++) {
      const before = await look();
      const block = await probeAll(before, slow);
      if (isOver()) return undefined; // That ends the probe, too, so it may not have reached the gate.
      if (block) {
        unlearn(env, name);
        proven = undefined;
        failed = { text: before.text, block };
        return block;
      }
      live.probed = endProbe(folder).catch(() => {}); // The end tries again.
      const after = await look();
      // Something has changed, perhaps through the trial: some start-up files write what they read the next time.
      const [one, other] = [before, after].map(({ environments, seen, marks: { files } }) => [
        environments,
        seen,
        files,
      ]);
      if (!isDeepStrictEqual(one, other) && round === 1) continue;
      proven = after;
      triedAt = performance.now();
      const value = { text: after.text, tried };
      if (after.isWhole) remember(env, name, { facts: factsNow(), marks: before.marks, value, lifetime });
      return undefined;
    }
  };
  return {
    prove: (system) =>
      turns.take(async () => {
        door = system ?? door;
        const recalled = () => keptIn(recall(env, name, factsNow())?.value);
        const kept = recalled();
        if (kept && tried.length === 0) ({ tried } = kept);
        // What is remembered of another environment counts only until it is known which one it is.
        if (way.kind === 'system' && !system && kept) return undefined;
        const now = await look();
        // After the look, so no change in between goes unseen.
        const record = recall(env, name, factsNow());
        const text = keptIn(record?.value)?.text;
        if (record && text === now.text) proven ??= { text, marks: record.marks };
        if (proven?.text === now.text && covers(proven, now)) {
          proven = now;
          return undefined;
        }
        if (failed?.text === now.text) return failed.block;
        return probe(onSlow);
      }),
    again: (when) =>
      turns.take(async () => {
        if (when === 'ifChanged' && proven && isSame(proven, await look())) return undefined;
        return probe(() => {});
      }),
    giveUp: async () => {
      givenUp = true;
      await endProbe(folder).catch(() => {}); // Otherwise it ends by itself.
      await turns.settled;
    },
    triedAt: () => triedAt,
  };
}

/**
 * In ms: how soon after the start a merely remembered proof is repeated, how often files are looked at, and how often
 * the shell is tried in any case.
 */
const [soon, every, anew] = [500, 1000, 20_000];

/**
 * Repeats the proof when a pairing is live, since what was remembered need not hold; whenever something that it depends
 * on changes; and now and then, since not everything that it depends on can be seen. `blocked` resolves with what keeps
 * guests from the gate from then on.
 */
export function watchShell(shell: ShellGuard): {
  readonly blocked: Promise<ShellBlock>;
  stop(): void;
} {
  const found = deferred<ShellBlock>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let due = (shell.triedAt() ?? -anew) + anew;
  const look = async (): Promise<void> => {
    const isDue = performance.now() >= due;
    try {
      const block = await shell.again(isDue ? undefined : 'ifChanged');
      if (block) return found.resolve(block);
    } catch {
      // No terminal could be had now. It is tried again later.
    }
    if (isDue) due = performance.now() + anew;
    if (!stopped) lookIn(every);
  };
  const lookIn = (wait: number): void => {
    timer = setTimeout(() => void look(), wait);
  };
  lookIn(soon);
  return {
    blocked: found.promise,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** What is remembered, if it has exactly the form in which it is remembered here. */
function keptIn(value: unknown): { readonly text: string; readonly tried: readonly string[] } | undefined {
  const { text, tried } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const isKept =
    typeof text === 'string' && Array.isArray(tried) && tried.every((one) => typeof one === 'string');
  return isKept ? { text, tried } : undefined;
}

type Compared = Pick<Ground, 'text' | 'marks'>;

function isSame(one: Compared, other: Compared): boolean {
  const [paths, others] = [one, other].map(({ marks }) => Object.keys(marks.files));
  return one.text === other.text && paths?.length === others?.length && covers(one, other);
}

/**
 * Whether each file of `other` is one of `one`, unchanged: once it is known which sshd it is, fewer files may matter.
 */
function covers(one: Compared, other: Compared): boolean {
  return Object.entries(other.marks.files).every(([path, mark]) => one.marks.files[path] === mark);
}
