import type { KeychainTrouble, StateTrouble } from '../domain/keyring-warning.ts';
import { ok, type Result } from './pin-store.ts';
import type { StateFolder } from './state-folder.ts';

/** What one run tells the next: the keychain was given pins; it was reported why it could not be used. */
export type Mark = 'pins-in-keychain' | `told-${KeychainTrouble['cause']}`;

/** Marks are files that exist or don't, so two programs that set them at once lose nothing. */
export interface Marks {
  read(): Promise<Result<ReadonlySet<string>, StateTrouble>>;
  set(mark: Mark): Promise<Result<void, StateTrouble>>;
  /** Forgets what has been reported, so it is reported again. */
  clearTold(): Promise<void>;
}

export function marksIn(folder: StateFolder): Marks {
  return {
    async read() {
      const names = await folder.list();
      return names.ok ? ok(new Set(names.value)) : names;
    },
    set: (mark) => folder.write(mark, ''),
    async clearTold() {
      const names = await folder.list();
      const told = names.ok ? names.value.filter((name) => name.startsWith('told-')) : [];
      for (const mark of told) await folder.remove(mark);
    },
  };
}
