/** The proof that a guest's connection comes to the gate and to nothing else: made, remembered, and looked after. */
import type { ShellBlock } from '../domain/shell-block.ts';
import { canSetEnvironment, withoutStartUp } from '../door/sshd-config.ts';
import type { SshdVersion } from '../door/sshd-version.ts';
import { startUpFiles } from '../door/start-up.ts';
import { makeEmptyHome } from '../lease/lease.ts';
import { endProbe } from '../lease/probe.ts';
import { thisAccount } from '../system/account.ts';
import { type Marks, markFiles, recall, remember, unlearn } from '../system/remembered.ts';
import { deferred } from './deferred.ts';
import type { Live } from './live.ts';
import { probeShell } from './shell-probe.ts';

export interface ShellGuard {
  /** Tries it anew; `ifChanged` only where a file that it depends on has changed since it was last seen to be well. */
  again(when?: 'ifChanged'): Promise<ShellBlock | undefined>;
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

/** In ms: how long it may take to come to the gate; through a private sshd, which ends the login 5 s after it began. */
const limits = { system: 12_000, private: 4500 };

/** Seconds for which a good end is remembered while nothing changes. */
const lifetime = 7 * 86_400;

/**
 * Proves it for the sshd that guests come through, or remembers that it has been proven. Then `again` is to be asked soon.
 * @returns what keeps guests from the gate; nothing of the probe runs any more then
 * @throws Refusal `program-failed`, `run-directory-refused`
 */
export async function guardShell(
  live: Live,
  way: ShellWay,
  { env, tmux, onSlow }: GuardWorld,
): Promise<ShellBlock | ShellGuard> {
  const { lease } = live;
  const { home, shell } = thisAccount();
  const sharedOnly = way.kind === 'private' && canSetEnvironment(way.version);
  if (sharedOnly) makeEmptyHome(lease);
  const setEnv = sharedOnly ? withoutStartUp(lease.emptyHome) : [];
  const name = `shell-${way.kind}`;
  const facts = ['shell probe 1', shell, home, String(sharedOnly)];
  let marks = marksOf(shell, home);
  let isKept = recall(env, name, facts)?.value === 'reached';
  let turn: Promise<unknown> = Promise.resolve();

  const probe = async (plainOnly: boolean, slow: GuardWorld['onSlow']): Promise<ShellBlock | undefined> => {
    for (let round = 1; ; round++) {
      const before = marksOf(shell, home);
      const { folder } = lease;
      await endProbe(folder);
      if (live.ended) return undefined;
      const limit = limits[way.kind];
      const block = await probeShell({ folder, tmux, setEnv, sharedOnly, limit, plainOnly, onSlow: slow });
      if (live.ended) return undefined; // That ends the probe, too, so it may not have been reached.
      marks = marksOf(shell, home);
      if (block) {
        unlearn(env, name);
        isKept = false;
        return block;
      }
      void endProbe(folder).catch(() => {});
      // Changed meanwhile, perhaps by what it reads: some start-up files write what they read the next time.
      if (!isSame(before, marks) && round === 1) continue;
      if (!plainOnly) isKept = remember(env, name, { facts, marks: before, value: 'reached', lifetime });
      return undefined;
    }
  };
  if (!isKept) {
    const block = await probe(false, onSlow);
    if (block) return block;
  }
  return {
    again: (when) => {
      const next = turn.then(async () => {
        const changed = !isSame(marks, marksOf(shell, home));
        return when === 'ifChanged' && !changed ? undefined : probe(isKept && !changed, () => {});
      });
      turn = next.catch(() => {});
      return next;
    },
  };
}

/** In ms: how soon after the start it is proven anew, and how often files are looked at. */
const [soon, every] = [500, 1000];

/**
 * Has it proven once more when a pairing is live, since what was remembered need not hold, and again whenever a file that
 * it depends on changes. Resolves with what keeps guests from the gate from then on.
 */
export function watchShell({ shell }: Live): { readonly blocked: Promise<ShellBlock>; stop(): void } {
  const found = deferred<ShellBlock>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const look = (first: boolean): void => {
    timer = setTimeout(
      async () => {
        try {
          const block = await shell?.again(first ? undefined : 'ifChanged');
          if (block) return found.resolve(block);
        } catch {
          // No terminal could be had now. It is tried again with the next change.
        }
        if (!stopped) look(false);
      },
      first ? soon : every,
    );
  };
  if (shell) look(true);
  return {
    blocked: found.promise,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function marksOf(shell: string, home: string): Marks {
  return markFiles(startUpFiles(shell, home));
}

function isSame({ files: one }: Marks, { files: other }: Marks): boolean {
  const paths = Object.keys(one);
  return paths.length === Object.keys(other).length && paths.every((path) => one[path] === other[path]);
}
