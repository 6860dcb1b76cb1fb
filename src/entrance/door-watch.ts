/**
 * Whether the sshd that guests come through still lets them in while a pairing lives. This machine's own is looked at
 * once a second. It is tried again if anything that the last login depended on has changed, or was learned too long
 * ago.
 */

import type { Doubt } from '../domain/doubt.ts';
import { decisive, isOfStartUp, lastingWays, type Obstacle } from '../domain/obstacle.ts';
import type { Trouble } from '../domain/trouble.ts';
import { accountFiles } from '../door/account-state.ts';
import { keyObstacles } from '../door/key-rules.ts';
import type { Known } from '../door/known.ts';
import { liveBar } from '../door/private-door-bar.ts';
import { loginFiles } from '../shell/login-files.ts';
import { passwdFile } from '../system/account.ts';
import { type Marks, markFiles } from '../system/remembered.ts';
import type { DoorChoice } from './door-choice.ts';
import type { DoorWatch, Watched } from './open-door.ts';

/** In ms: how often to look again at what is remembered of the last login, which may no longer count. */
const anew = 600_000;

/** For a private sshd, which starts anew with each login: only what would make it refuse everybody may come up. */
export function watchOwn(): DoorWatch {
  const nothing = async (): Promise<void> => {};
  return {
    look: () => [liveBar()].filter((bar) => bar !== undefined),
    again: nothing,
    tried: nothing,
    lastingWays: async () => [],
  };
}

/** The host knows what was reported when guests were invited, and the sshd had been tried by then. */
export function watchSystem(
  { system, doubts, prove, why }: DoorChoice & { kind: 'system' },
  { guests, isOver }: Watched,
): DoorWatch {
  const { port } = system;
  let door = system;
  let found: readonly Trouble[] = [];
  let seen: Marks | undefined;
  let first:
    | Promise<{
        readonly told: readonly string[];
        readonly marks: string;
        /** Fingerprints of host keys. */
        readonly hostKeys: readonly string[];
      }>
    | undefined;
  /** The marks of {@link first}, once they are known. */
  let atFirst: string | undefined;
  let trying = Promise.resolve();
  let isTrying = false;
  let due = performance.now() + anew;

  const troubles = (known: Known): Trouble[] => {
    const obstacles = decisive([...known.obstacles, ...keyObstacles(known.rules, guests())]);
    // No reason to choose another sshd; but if it is new, the host has not been told of it.
    const cautions = known.obstacles.filter((one) => isOfStartUp(one) || one.kind === 'source-rules');
    return [
      ...[...obstacles, ...cautions].map((obstacle) => troubleBy(obstacle, port)),
      ...known.doubts.flatMap((doubt) => troubleOf(doubt, port)),
    ];
  };

  const begin = async () => {
    const [known, more, { marks }] = await Promise.all([system.known(), doubts(), system.depends()]);
    const all = [...troubles(known), ...more.flatMap((doubt) => troubleOf(doubt, port))];
    return { told: all.map(idOf), marks: idOf(marks.files), hostKeys: printsOf(known) };
  };

  const check = async (how: { readonly isFresh: boolean }): Promise<void> => {
    const isFirst = first === undefined;
    first ??= begin();
    const { told, marks: before, hostKeys } = await first;
    atFirst = before;
    door = isFirst ? system : await door.again();
    const { marks, files } = await door.depends();
    const now = await door.known();
    seen = markFiles([
      ...Object.keys(marks.files),
      ...files,
      ...loginFiles(now.settings[0]),
      ...accountFiles,
      passwdFile,
    ]);
    const isNew = (trouble: Trouble): boolean => !told.includes(idOf(trouble));
    const known = troubles(now).filter(isNew);
    const fingerprints = printsOf(now);
    if (fingerprints.length > 0 && hostKeys.some((one) => !fingerprints.includes(one)))
      known.push({ kind: 'host-key-changed', port, fingerprints });
    known.push(...unseen(now, marks, before).map((one) => troubleBy(one, port)));
    found = known;
    const isFutile = !now.answers || now.doubts.some(({ kind }) => !kind.startsWith('settings-'));
    if (isFirst || isFutile || !prove || isOver()) return;
    const proof = await prove(door, guests(), how);
    found = [...known, ...proof.doubts.flatMap((doubt) => troubleOf(doubt, port)).filter(isNew)];
  };

  /**
   * Whether the settings have changed and can't be read. By now it can't be tried whether sshd accepts a guest's key by
   * itself: there is a line of ours. A host who named the port knows that.
   */
  const unseen = ({ asked, configFile }: Known, marks: Marks, before: string): Obstacle[] =>
    asked || idOf(marks.files) === before || why.kind === 'asked'
      ? []
      : [{ kind: 'unread-settings', path: configFile }];

  const start = (how: { readonly isFresh: boolean }): Promise<void> => {
    isTrying = true;
    trying = trying
      .then(() => check(how))
      .catch(() => {}) // The pairing is ending, or it is tried again with the next change.
      .finally(() => {
        isTrying = false;
      });
    return trying;
  };

  return {
    look: () => {
      const state = door.stands();
      if (state === 'gone') return system.listens ? [{ kind: 'sshd-gone', port }] : [];
      if (isTrying || isOver()) return found;
      const isDue = performance.now() >= due;
      if (isDue) due = performance.now() + anew;
      if (!seen || isDue || state === 'changed' || hasChanged(seen)) void start({ isFresh: false });
      return found;
    },
    again: () => start({ isFresh: true }),
    tried: () => trying,
    lastingWays: async () => {
      const sshd = await door.again();
      const [now, { marks }] = await Promise.all([sshd.known(), sshd.depends()]);
      return lastingWays([...now.obstacles, ...(atFirst === undefined ? [] : unseen(now, marks, atFirst))]);
    },
  };
}

function hasChanged({ files }: Marks): boolean {
  const now = markFiles(Object.keys(files)).files;
  return Object.entries(files).some(([path, mark]) => now[path] !== mark);
}

/** What guests would notice of a doubt. */
function troubleOf(doubt: Doubt, port: number): Trouble[] {
  switch (doubt.kind) {
    case 'other-server':
      return [{ kind: 'sshd-replaced', port, greeting: doubt.greeting }];
    case 'no-greeting':
      return [{ kind: 'sshd-replaced', port, greeting: '' }];
    case 'login-failed':
      return [{ kind: 'login-failed', port, type: doubt.type, said: doubt.said }];
    case 'login-untried':
      return [{ kind: 'login-untried', port, problem: doubt.failure.kind }];
    default:
      return [];
  }
}

function troubleBy(obstacle: Obstacle, port: number): Trouble {
  return { kind: 'sshd-obstacle', port, obstacle };
}

function printsOf({ hostKeys }: Known): string[] {
  return hostKeys.map(({ fingerprint }) => fingerprint);
}

function idOf(value: unknown): string {
  return JSON.stringify(value);
}
