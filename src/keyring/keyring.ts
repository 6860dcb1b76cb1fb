import type { KeychainTrouble, KeyringWarning } from '../domain/keyring-warning.ts';
import type { Pin } from '../domain/pin.ts';
import { fileStore } from './file-store.ts';
import { connectKeychain, type KeychainClient } from './keychain-client.ts';
import { type Marks, marksIn } from './marks.ts';
import { findPlace, type PinLocation, type Where } from './pin-location.ts';
import type { PinRead } from './pin-record.ts';
import { failed, ok, type Result } from './pin-store.ts';
import { hasSessionBus, type StartKeychain, startKeychain } from './start-keychain.ts';
import { stateFolder } from './state-folder.ts';

/** Together with what the files cost, this stays below 3 s. */
const defaultBudgetMs = 2500;

/**
 * The pins of this account. No method rejects, and all of them together wait for the keychain no longer than the
 * budget. Trouble is a {@link KeyringWarning}, and then pins are in files. Methods take turns.
 */
export interface Keyring {
  /** The pins of those references that have one. */
  recall(references: readonly string[]): Promise<ReadonlyMap<string, Pin>>;
  remember(pins: readonly Pin[]): Promise<void>;
  /** The references whose pins existed and are forgotten. */
  forget(references: readonly string[]): Promise<readonly string[]>;
  /** Where pins live now; `nowhere` if neither keychain nor files can be used: then pins end with the run. */
  where(): Promise<Where>;
  /** Why pins are not in the keychain; `undefined` if they are. */
  trouble(): Promise<KeychainTrouble | undefined>;
  /** Waits for what is under way, within the budget, and kills the keychain process. */
  close(): Promise<void>;
}

export interface KeyringOptions {
  readonly env: NodeJS.ProcessEnv;
  /** May be called as soon as the keyring is opened. Without it nothing counts as reported. */
  readonly onWarning?: (warning: KeyringWarning) => void;
  readonly startKeychain?: StartKeychain;
  /** How long to wait for the keychain in all, in milliseconds. */
  readonly budgetMs?: number;
}

/** Opens the keyring, and asks the keychain at once, while keys are being fetched. */
export function openKeyring(options: KeyringOptions): Keyring {
  const { env, onWarning } = options;
  const folder = stateFolder(env, 'pins');
  const files = fileStore(folder);
  const marks = marksIn(stateFolder(env, 'marks'));
  const warn = onceEach(onWarning);
  const client = reachKeychain(options);
  const places = findPlace({ client, files, marks, warn });
  let turn: Promise<unknown> = places.current();
  let announced = false;

  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const next = turn.then(act);
    turn = next;
    return next;
  }

  /** Reports why the keychain is not used: a lasting reason in one run only, but always if it may keep pins from us. */
  async function announce(at: PinLocation, absent: readonly string[]): Promise<void> {
    if (at.where === 'keychain' || !onWarning) return;
    const { trouble } = at;
    const set = await marks.read();
    const pinsThere = mayHoldPins(set);
    const unchecked = pinsThere ? absent : [];
    const told = set.ok && set.value.has(`told-${trouble.cause}`) && isLasting(trouble);
    if (unchecked.length === 0 && (announced || told)) return;
    announced = true;
    warn({ kind: 'keychain-unusable', trouble, path: folder.path, pinsThere, unchecked });
    await marks.set(`told-${trouble.cause}`);
  }

  return {
    recall: (references) =>
      inTurn(async () => {
        const { at, result } = await places.use((store) => store.read(references));
        if (!result.ok) warn({ kind: 'state-refused', trouble: result.trouble });
        const reads = result.ok ? result.value : new Map<string, PinRead>();
        for (const warning of warningsOf(reads, at)) warn(warning);
        const pins = pinsIn(reads);
        const absent = references.filter((reference) => !pins.has(reference));
        // A file that could not be moved into the keychain is no pin, but must not be ignored in silence either.
        const left = at.where === 'keychain' ? await files.read(absent) : ok(new Map<string, PinRead>());
        if (left.ok) for (const warning of warningsOf(left.value)) warn(warning);
        await announce(at, absent);
        return pins;
      }),
    remember: (pins) =>
      inTurn(async () => {
        const { at, result } = await places.use((store) => store.write(pins));
        const references = pins.map((pin) => pin.reference);
        if (!result.ok) warn({ kind: 'not-remembered', references, trouble: result.trouble });
        await announce(at, []);
      }),
    forget: (references) =>
      inTurn(async () => {
        const { at, result } = await places.use((store) => store.remove(references));
        const left = at.where === 'keychain' ? await files.remove(references) : ok([]);
        for (const one of [result, left])
          if (!one.ok) warn({ kind: 'not-forgotten', references, trouble: one.trouble });
        if (at.where !== 'keychain' && mayHoldPins(await marks.read()))
          warn({ kind: 'not-forgotten', references, trouble: at.trouble });
        else await announce(at, []);
        return [...new Set([result, left].flatMap((one) => (one.ok ? one.value : [])))];
      }),
    where: () => inTurn(async () => (await places.current()).where),
    trouble: () =>
      inTurn(async () => {
        const place = await places.current();
        return place.where === 'keychain' ? undefined : place.trouble;
      }),
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

/** What to report of pins that are neither there nor simply absent. */
function warningsOf(reads: ReadonlyMap<string, PinRead>, at?: PinLocation): KeyringWarning[] {
  const where = at?.where === 'keychain' ? 'keychain' : 'file';
  const missing = [...reads].filter(([, read]) => read.kind === 'missing').map(([reference]) => reference);
  const warnings: KeyringWarning[] =
    missing.length > 0 ? [{ kind: 'pins-missing', references: missing }] : [];
  for (const [reference, read] of reads) {
    if (read.kind === 'unreadable')
      warnings.push({ kind: 'pin-unreadable', reference, where, problem: read.problem });
    if (read.kind === 'refused') warnings.push({ kind: 'state-refused', trouble: read.trouble });
  }
  return warnings;
}

/** Whether the keychain was ever given pins, so that it may hold some that are out of reach. */
function mayHoldPins(set: Awaited<ReturnType<Marks['read']>>): boolean {
  return !set.ok || set.value.has('pins-in-keychain');
}

/** Whether a reason will be there again the next time, and need not be reported again. */
function isLasting(trouble: KeychainTrouble): boolean {
  return trouble.cause !== 'no-answer' && trouble.cause !== 'crashed';
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
