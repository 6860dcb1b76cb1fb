import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { StateTrouble } from '../domain/keyring-warning.ts';
import { type PinRead, readRecord, readVersioned, writeRecord } from './pin-record.ts';
import { ok, type PinStore, type Result } from './pin-store.ts';
import type { StateFolder } from './state-folder.ts';

/** Pins as files, one per pin, so two programs never write one file for different guests. */
export function fileStore(folder: StateFolder): PinStore<StateTrouble> {
  return {
    async read(references) {
      const found = new Map<string, PinRead>();
      for (const reference of references) {
        const text = await folder.read(fileOf(reference));
        if (!text.ok && !isOf(folder, reference, text.trouble)) return text;
        found.set(
          reference,
          text.ok ? pinIn(text.value, reference) : { kind: 'refused', trouble: text.trouble },
        );
      }
      return ok(found);
    },
    async write(pins) {
      let result: Result<void, StateTrouble> = ok(undefined);
      for (const pin of pins) {
        const written = await folder.write(fileOf(pin.reference), writeRecord(pin));
        if (!written.ok) result = written;
      }
      return result;
    },
    async remove(references) {
      const removed: string[] = [];
      for (const reference of new Set(references)) {
        const was = await folder.remove(fileOf(reference));
        if (!was.ok) return was;
        if (was.value) removed.push(reference);
      }
      return ok(removed);
    },
    async references() {
      const files = await folder.list();
      if (!files.ok) return files;
      const references: string[] = [];
      for (const file of files.value) {
        const text = await folder.read(file);
        const reference = text.ok ? referenceIn(text.value, file) : undefined;
        if (reference !== undefined) references.push(reference);
      }
      return ok(references.sort());
    },
  };
}

/** Gives any reference, even a long path, a short name that no file system folds or refuses. */
function fileOf(reference: string): string {
  return `${createHash('sha256').update(reference).digest('hex').slice(0, 40)}.json`;
}

/** Whether the trouble is with that reference's own file, and not with the folder. */
function isOf(folder: StateFolder, reference: string, trouble: StateTrouble): boolean {
  return trouble.path === join(folder.path, fileOf(reference));
}

function pinIn(text: string | undefined, reference: string): PinRead {
  return text === undefined ? { kind: 'absent' } : readRecord(text, reference);
}

/** The reference that a file is named after; `undefined` for a file that holds no pin. */
function referenceIn(text: string | undefined, file: string): string | undefined {
  const read = readVersioned(text ?? '');
  const reference = read.ok ? read.record.reference : undefined;
  return typeof reference === 'string' && fileOf(reference) === file ? reference : undefined;
}
