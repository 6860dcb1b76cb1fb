import { mkdirSync, writeFileSync } from 'node:fs';

/** One line of the README's table: a fault, and what was seen to come of it. */
export interface FaultRow {
  /** Ids of the attack table, such as `F1`. */
  readonly id: string;
  readonly fault: string;
  readonly guests: string;
  /** Milliseconds from the fault to the last guest's end; absent where nobody was in. */
  readonly ms?: number | undefined;
  readonly file: string;
}

const folder = new URL('../../.vitest/faults/', import.meta.url).pathname;

/** Writes a row where `scripts/faults.mjs` finds it, and says it. A fault of the same name is replaced. */
export function record(row: FaultRow): void {
  mkdirSync(folder, { recursive: true });
  const name = `${row.id} ${row.fault}`.replaceAll(/[^A-Za-z0-9]+/g, '-');
  const rounded = row.ms === undefined ? {} : { ms: Math.round(row.ms) };
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify({ ...row, ...rounded })}\n`);
  const after = row.ms === undefined ? '' : ` after ${Math.round(row.ms)} ms`;
  console.log(`${row.id}: ${row.fault}: ${row.guests}${after}; file ${row.file}`);
}
