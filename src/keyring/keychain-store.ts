import type { KeychainTrouble, RecordProblem } from '../domain/keyring-warning.ts';
import type { KeychainClient } from './keychain-client.ts';
import { type PinRead, readIndex, readRecord, writeIndex, writeRecord } from './pin-record.ts';
import { failed, ok, type PinStore, type Result } from './pin-store.ts';

type Outcome<T> = Promise<Result<T, KeychainTrouble>>;

/** Accounts that no reference can have, since references begin with a provider's name. */
const indexAccount = '#index';
const probeAccount = '#probe';

export interface OpenKeychain {
  readonly store: PinStore<KeychainTrouble>;
  /** No pin was ever put here, or all are lost. */
  readonly empty: boolean;
  readonly indexProblem?: RecordProblem;
}

/**
 * Finds out whether the keychain can be used. A locked one answers "not found" to every question, as one never used
 * does, but only the latter lets something be written.
 */
export async function openKeychain(client: KeychainClient): Outcome<OpenKeychain> {
  const text = await find(client, indexAccount);
  if (!text.ok) return text;
  if (text.value !== undefined) {
    const index = readIndex(text.value);
    const store = keychainStore(client, { listed: true });
    return ok({ store, empty: false, ...(!index.ok && { indexProblem: index.problem }) });
  }
  const written = await client.ask({ op: 'set', account: probeAccount, value: 'writable' });
  if (!written.ok)
    return failed(written.trouble.cause === 'refused' ? locked(written.trouble) : written.trouble);
  await client.ask({ op: 'delete', account: probeAccount });
  return ok({ store: keychainStore(client, { listed: false }), empty: true });
}

/**
 * One entry per pin, whose account is the reference, and one that lists the references, since a keychain cannot safely
 * be asked for them. A pin is written before it is listed and unlisted before it is deleted, so a pin that was never
 * there is never reported missing.
 * @param known.listed whether the index is known to exist, so that not finding it means a lock
 */
function keychainStore(client: KeychainClient, known: { listed: boolean }): PinStore<KeychainTrouble> {
  async function index(): Outcome<readonly string[]> {
    const text = await find(client, indexAccount);
    if (!text.ok) return text;
    if (text.value === undefined) {
      return known.listed ? failed({ cause: 'locked', detail: 'its index is out of reach' }) : ok([]);
    }
    known.listed = true;
    const read = readIndex(text.value);
    return ok(read.ok ? read.references : []);
  }

  /** Two programs can write the index at once, so it is read again until it says what was wanted. */
  async function amend(change: (references: readonly string[]) => readonly string[]): Outcome<void> {
    for (let round = 0; round < 5; round++) {
      const before = await index();
      if (!before.ok) return before;
      const wanted = [...new Set(change(before.value))].sort();
      if (wanted.join('\n') === before.value.join('\n')) break;
      const set = await client.ask({ op: 'set', account: indexAccount, value: writeIndex(wanted) });
      if (!set.ok) return set;
      known.listed = true;
    }
    return ok(undefined);
  }

  return {
    async read(references) {
      const texts = await Promise.all(references.map((reference) => find(client, reference)));
      const bad = texts.find((text) => !text.ok);
      if (bad && !bad.ok) return bad;
      const complete = texts.every((text) => text.ok && text.value !== undefined);
      const listed = complete ? ok([]) : await index();
      if (!listed.ok) return listed;
      const found = new Map<string, PinRead>();
      for (const [at, reference] of references.entries()) {
        const text = texts[at];
        if (text?.ok && text.value !== undefined) found.set(reference, readRecord(text.value, reference));
        else found.set(reference, { kind: listed.value.includes(reference) ? 'missing' : 'absent' });
      }
      return ok(found);
    },
    async write(pins) {
      const answers = await Promise.all(
        pins.map((pin) => client.ask({ op: 'set', account: pin.reference, value: writeRecord(pin) })),
      );
      const bad = answers.find((answer) => !answer.ok);
      if (bad && !bad.ok) return bad;
      return amend((listed) => [...listed, ...pins.map((pin) => pin.reference)]);
    },
    async remove(references) {
      const unlisted = await amend((listed) => listed.filter((one) => !references.includes(one)));
      if (!unlisted.ok) return unlisted;
      const removed: string[] = [];
      for (const reference of new Set(references)) {
        const answer = await client.ask({ op: 'delete', account: reference });
        if (!answer.ok) return answer;
        if (answer.value === true) removed.push(reference);
      }
      return ok(removed);
    },
    async references() {
      const listed = await index();
      return listed.ok ? ok([...listed.value].sort()) : listed;
    },
  };
}

async function find(client: KeychainClient, account: string): Outcome<string | undefined> {
  const answer = await client.ask({ op: 'get', account });
  if (!answer.ok) return answer;
  return ok(typeof answer.value === 'string' ? answer.value : undefined);
}

function locked(trouble: { readonly detail: string }): KeychainTrouble {
  return { cause: 'locked', detail: trouble.detail };
}
