/** What has become of a lease's lines in an `authorized_keys` file, as data in and data out. */
import { asSshdReads, leadsToGate, placesOf } from './authorized-keys.ts';

/** A line as written for one key, without the mark of a file that did not exist before. */
export interface WrittenLine {
  readonly label: string;
  readonly base64: string;
  readonly text: string;
}

/** What is wrong with a guest's line, or with another line that has the same key. Lines count from 1. */
export type LineTrouble =
  | { readonly kind: 'missing'; readonly label: string }
  | {
      readonly kind: 'changed' | 'elsewhere';
      readonly label: string;
      readonly base64: string;
      readonly line: number;
    };

/**
 * Compares the lines of a lease with the file. sshd takes the first valid line that has the key, so lines below ours
 * count as well: they are next if ours has expired or is gone.
 * @param text `undefined` if there is no file
 * @param written the lines that should stand there
 * @param of.root the run directory: lines of other pairings lead to gates in it
 * @param of.gateExisting whether other lines with the same keys are accepted, as long as ours stand first
 */
export function lineTroubles(
  text: string | undefined,
  written: readonly WrittenLine[],
  { root, gateExisting }: { readonly root: string; readonly gateExisting: boolean },
): LineTrouble[] {
  return written.flatMap(({ label, base64, text: ours }): LineTrouble[] => {
    const found = [...linesWith(asSshdReads(text ?? ''), base64)];
    const intact = found.findIndex((one) => one.text === ours);
    const changed = intact === -1 ? found.find((one) => commentOf(one.text) === commentOf(ours)) : undefined;
    const elsewhere = found.filter(
      (one, index) =>
        one.text !== ours &&
        one !== changed &&
        !(leadsToGate(one.front, root) && commentOf(one.text) !== commentOf(ours)) &&
        !(gateExisting && intact !== -1 && index > intact),
    );
    return [
      ...(intact === -1 && !changed ? [{ kind: 'missing', label } as const] : []),
      ...(changed ? [{ kind: 'changed', label, base64, line: changed.line } as const] : []),
      ...elsewhere.map(({ line }) => ({ kind: 'elsewhere', label, base64, line }) as const),
    ];
  });
}

/** Every line that has the key, except comments, without what may differ in a line of ours: its end and its mark. */
function* linesWith(text: string, base64: string): Generator<{ text: string; front: string; line: number }> {
  let [line, counted, last] = [1, 0, -1];
  for (const at of placesOf(text, base64)) {
    const start = text.lastIndexOf('\n', at) + 1;
    const stop = text.indexOf('\n', at);
    const raw = text.slice(start, stop === -1 ? text.length : stop);
    if (!/[ \t]/.test(text[at - 1] ?? '\n') || /^[ \t]*#/.test(raw) || start === last) continue;
    last = start;
    for (let nl = text.indexOf('\n', counted); nl !== -1 && nl < start; nl = text.indexOf('\n', counted)) {
      line += 1;
      counted = nl + 1;
    }
    const front = text.slice(start, at);
    yield { front, text: raw.replace(/[ \t]+$/, '').replace(/ created=(?:file|folder)$/, ''), line };
  }
}

function commentOf(line: string): string {
  return line.slice(line.lastIndexOf(' ') + 1);
}
