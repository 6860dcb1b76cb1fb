import { fileStore } from './file-store.ts';
import { connectKeychain, type KeychainClient } from './keychain-client.ts';
import { openKeychain } from './keychain-store.ts';
import { marksIn } from './marks.ts';
import { memoryStore } from './memory-store.ts';
import { movePins } from './move-pins.ts';
import type { Pin } from './pin.ts';
import { failed, ok, type PinStore, type Result } from './pin-store.ts';
import type { PinRead } from './record.ts';
import { hasSessionBus, type StartKeychain, startKeychain } from './start-keychain.ts';
import { stateFolder } from './state-folder.ts';
import type { KeychainTrouble, KeyringWarning, StateTrouble } from './warning.ts';

/** Together with starting the process and what the files cost, this stays below 3 s. */
const defaultBudgetMs = 2500;

export type Where = 'keychain' | 'file' | 'nowhere';

/**
 * The pins of this account. No method rejects, and all of them together wait for the keychain no longer than the
 * budget: what goes wrong is a {@link KeyringWarning}, and then pins are in files. Methods take turns.
 */
export interface Keyring {
  /** The pins of those that have one. */
  recall(references: readonly string[]): Promise<ReadonlyMap<string, Pin>>;
  remember(pins: readonly Pin[]): Promise<void>;
  /** Those that were there and are forgotten. */
  forget(references: readonly string[]): Promise<readonly string[]>;
  /** Everyone that has a pin, sorted. */
  references(): Promise<readonly string[]>;
  /** Where pins live in this run, as far as it is known by now; `nowhere` past its end. */
  where(): Promise<Where>;
  /** Waits for what is under way, within the budget, and leaves no process behind. */
  close(): Promise<void>;
}

export interface KeyringOptions {
  readonly env: NodeJS.ProcessEnv;
  /** May be called as soon as the keyring is opened. Without it nothing counts as told. */
  readonly onWarning?: (warning: KeyringWarning) => void;
  readonly startKeychain?: StartKeychain;
  /** Milliseconds that are waited for the keychain in all. */
  readonly budgetMs?: number;
}

type Place =
  | { readonly where: 'keychain'; readonly store: PinStore<KeychainTrouble> }
  | {
      readonly where: 'file' | 'nowhere';
      readonly store: PinStore<StateTrouble>;
      readonly trouble: KeychainTrouble;
    };
type Elsewhere = Exclude<Place, { where: 'keychain' }>;

/** Opens the keyring, and begins at once to ask the keychain, so that this is done while keys are fetched. */
export function openKeyring(options: KeyringOptions): Keyring {
  const { env, onWarning } = options;
  const folder = stateFolder(env, 'pins');
  const files = fileStore(folder);
  const marks = marksIn(stateFolder(env, 'marks'));
  const warn = onceEach(onWarning);
  const client = reachKeychain(options);
  let place = settle();
  let turn: Promise<unknown> = place;
  let announced = false;

  async function settle(): Promise<Place> {
    const opened = client.ok ? await openKeychain(client.value) : client;
    if (!opened.ok) return elsewhere(opened.trouble);
    const { store, empty, indexProblem } = opened.value;
    if (indexProblem) warn({ kind: 'index-unreadable', problem: indexProblem });
    const set = await marks.read();
    if (!set.ok) warn({ kind: 'state-refused', trouble: set.trouble });
    else if (empty && set.value.has('pins-in-keychain')) warn({ kind: 'pins-lost' });
    await marks.clearTold();
    const moved = await movePins(files, keeping(store));
    if (moved.ok && moved.value.moved > 0) warn({ kind: 'pins-moved', ...moved.value });
    if (!moved.ok && isOfState(moved.trouble)) warn({ kind: 'state-refused', trouble: moved.trouble });
    return moved.ok || isOfState(moved.trouble)
      ? { where: 'keychain', store: keeping(store) }
      : elsewhere(moved.trouble);
  }

  /** The keychain's store, which leaves a mark before it is first given a pin. */
  function keeping(store: PinStore<KeychainTrouble>): PinStore<KeychainTrouble> {
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

  async function elsewhere(trouble: KeychainTrouble): Promise<Elsewhere> {
    const listed = await files.references();
    if (listed.ok) return { where: 'file', store: files, trouble };
    warn({ kind: 'state-refused', trouble: listed.trouble });
    return { where: 'nowhere', store: memoryStore(), trouble };
  }

  /** Acts on the keychain, or, where that fails or has failed, on what stands in for it. */
  async function use<T>(
    act: <E>(store: PinStore<E>) => Promise<Result<T, E>>,
  ): Promise<{ at: Place; result: Result<T, StateTrouble> }> {
    const at = await place;
    if (at.where !== 'keychain') return { at, result: await act(at.store) };
    const result = await act(at.store);
    if (result.ok) return { at, result };
    const next = await elsewhere(result.trouble);
    place = Promise.resolve(next);
    return { at: next, result: await act(next.store) };
  }

  /** Tells why the keychain is not used: a lasting reason in one run only, but always whose pins it may keep from us. */
  async function announce(at: Place, absent: readonly string[]): Promise<void> {
    if (at.where === 'keychain' || !onWarning) return;
    const { trouble } = at;
    const set = await marks.read();
    const pinsThere = !set.ok || set.value.has('pins-in-keychain');
    const unchecked = pinsThere ? absent : [];
    const told = set.ok && set.value.has(`told-${trouble.cause}`) && isLasting(trouble);
    if (unchecked.length === 0 && (announced || told)) return;
    announced = true;
    warn({ kind: 'keychain-unusable', trouble, path: folder.path, pinsThere, unchecked });
    await marks.set(`told-${trouble.cause}`);
  }

  /** What became of a pin, told where it is not simply there or not. */
  function report(reads: ReadonlyMap<string, PinRead>, where: 'keychain' | 'file'): void {
    const missing = [...reads].filter(([, read]) => read.kind === 'missing').map(([reference]) => reference);
    if (missing.length > 0) warn({ kind: 'pins-missing', references: missing });
    for (const [reference, read] of reads) {
      if (read.kind === 'unreadable')
        warn({ kind: 'pin-unreadable', reference, where, problem: read.problem });
      if (read.kind === 'refused') warn({ kind: 'state-refused', trouble: read.trouble });
    }
  }

  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const next = turn.then(act);
    turn = next;
    return next;
  }

  return {
    recall: (references) =>
      inTurn(async () => {
        const { at, result } = await use((store) => store.read(references));
        const reads = result.ok ? result.value : new Map<string, PinRead>();
        if (!result.ok) warn({ kind: 'state-refused', trouble: result.trouble });
        report(reads, at.where === 'keychain' ? 'keychain' : 'file');
        const pins = pinsIn(reads);
        const absent = references.filter((reference) => !pins.has(reference));
        // A file that could not be moved into the keychain is no pin, but must not be passed over in silence.
        const left = at.where === 'keychain' ? await files.read(absent) : ok(new Map<string, PinRead>());
        if (left.ok) report(left.value, 'file');
        await announce(at, absent);
        return pins;
      }),
    remember: (pins) =>
      inTurn(async () => {
        const { at, result } = await use((store) => store.write(pins));
        const references = pins.map((pin) => pin.reference);
        if (!result.ok) warn({ kind: 'not-remembered', references, trouble: result.trouble });
        await announce(at, []);
      }),
    forget: (references) =>
      inTurn(async () => {
        const { at, result } = await use((store) => store.remove(references));
        const left = at.where === 'keychain' ? await files.remove(references) : result;
        const gone = new Set([...(result.ok ? result.value : []), ...(left.ok ? left.value : [])]);
        const trouble = result.ok ? (left.ok ? undefined : left.trouble) : result.trouble;
        if (trouble) warn({ kind: 'not-forgotten', references, trouble });
        await announce(at, references);
        return [...gone];
      }),
    references: () =>
      inTurn(async () => {
        const { at, result } = await use((store) => store.references());
        if (!result.ok) warn({ kind: 'state-refused', trouble: result.trouble });
        await announce(at, []);
        return result.ok ? result.value : [];
      }),
    where: () => inTurn(async () => (await place).where),
    async close() {
      await turn;
      if (client.ok) client.value.kill();
    },
  };
}

function reachKeychain(options: KeyringOptions): Result<KeychainClient, KeychainTrouble> {
  const { env, startKeychain: start = startKeychain, budgetMs = defaultBudgetMs } = options;
  if (process.platform === 'linux' && !hasSessionBus(env)) return failed({ cause: 'no-bus' });
  const child = start(env);
  return child.ok ? ok(connectKeychain(child.value, budgetMs)) : child;
}

function pinsIn(reads: ReadonlyMap<string, PinRead>): ReadonlyMap<string, Pin> {
  const pins = new Map<string, Pin>();
  for (const [reference, read] of reads) if (read.kind === 'pin') pins.set(reference, read.pin);
  return pins;
}

/** A reason that is there again the next time, and need not be told again. */
function isLasting(trouble: KeychainTrouble): boolean {
  return trouble.cause !== 'no-answer' && trouble.cause !== 'crashed';
}

function isOfState(trouble: KeychainTrouble | StateTrouble): trouble is StateTrouble {
  return 'path' in trouble;
}

function onceEach(onWarning?: (warning: KeyringWarning) => void): (warning: KeyringWarning) => void {
  const told = new Set<string>();
  return (warning) => {
    const text = JSON.stringify(warning);
    if (told.has(text)) return;
    told.add(text);
    onWarning?.(warning);
  };
}
