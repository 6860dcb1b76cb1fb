import type { KeychainTrouble, KeyringWarning, StateTrouble } from '../domain/keyring-warning.ts';
import type { KeychainClient } from './keychain-client.ts';
import { openKeychain } from './keychain-store.ts';
import type { Marks } from './marks.ts';
import { memoryStore } from './memory-store.ts';
import { movePins } from './move-pins.ts';
import { ok, type PinStore, type Result } from './pin-store.ts';

export type Where = 'keychain' | 'file' | 'nowhere';

/** Where pins live now, and why not in the keychain. */
export type PinLocation =
  | { readonly where: 'keychain'; readonly store: PinStore<KeychainTrouble> }
  | {
      readonly where: 'file' | 'nowhere';
      readonly store: PinStore<StateTrouble>;
      readonly trouble: KeychainTrouble;
    };

interface Surroundings {
  readonly client: Result<KeychainClient, KeychainTrouble>;
  readonly files: PinStore<StateTrouble>;
  readonly marks: Marks;
  readonly warn: (warning: KeyringWarning) => void;
}

export interface Places {
  /** Where pins live now: in the keychain until it fails, then elsewhere to the end of the run. */
  current(): Promise<PinLocation>;
  /** Acts on the keychain or, if that fails or has failed, on what stands in for it. */
  use<T>(
    act: <E>(store: PinStore<E>) => Promise<Result<T, E>>,
  ): Promise<{ readonly at: PinLocation; readonly result: Result<T, StateTrouble> }>;
}

/** Finds out at once whether the keychain can be used, and moves pins into it that were left in files. */
export function findPlace(around: Surroundings): Places {
  let place = settle(around);
  return {
    current: () => place,
    async use(act) {
      let at = await place;
      if (at.where === 'keychain') {
        const result = await act(at.store);
        if (result.ok) return { at, result };
        at = await elsewhere(around, result.trouble);
        place = Promise.resolve(at);
      }
      return { at, result: await act(at.store) };
    },
  };
}

async function settle(around: Surroundings): Promise<PinLocation> {
  const { client, files, marks, warn } = around;
  const opened = client.ok ? await openKeychain(client.value) : client;
  if (!opened.ok) return elsewhere(around, opened.trouble);
  const { empty, indexProblem } = opened.value;
  if (indexProblem) warn({ kind: 'index-unreadable', problem: indexProblem });
  const set = await marks.read();
  if (!set.ok) warn({ kind: 'state-refused', trouble: set.trouble });
  else if (empty && set.value.has('pins-in-keychain')) warn({ kind: 'pins-lost' });
  await marks.clearTold();
  const store = marking(opened.value.store, around);
  const moved = await movePins(files, store);
  if (moved.ok && moved.value.moved > 0) warn({ kind: 'pins-moved', ...moved.value });
  if (moved.ok) return { where: 'keychain', store };
  if (!isOfState(moved.trouble)) return elsewhere(around, moved.trouble);
  warn({ kind: 'state-refused', trouble: moved.trouble });
  return { where: 'keychain', store };
}

/** The keychain's store, which leaves a mark before it gets a pin. */
function marking(store: PinStore<KeychainTrouble>, { marks, warn }: Surroundings): PinStore<KeychainTrouble> {
  return {
    ...store,
    async write(pins) {
      if (pins.length === 0) return ok(undefined);
      const marked = await marks.set('pins-in-keychain');
      if (!marked.ok) warn({ kind: 'state-refused', trouble: marked.trouble });
      return store.write(pins);
    },
  };
}

async function elsewhere(
  { files, warn }: Surroundings,
  trouble: KeychainTrouble,
): Promise<Exclude<PinLocation, { where: 'keychain' }>> {
  const listed = await files.references();
  if (listed.ok) return { where: 'file', store: files, trouble };
  warn({ kind: 'state-refused', trouble: listed.trouble });
  return { where: 'nowhere', store: memoryStore(), trouble };
}

function isOfState(trouble: KeychainTrouble | StateTrouble): trouble is StateTrouble {
  return 'path' in trouble;
}
