import { isNonEmpty } from '../domain/guest.ts';
import type { RecordProblem, StateTrouble } from '../domain/keyring-warning.ts';
import type { Pin } from '../domain/pin.ts';
import { type PublicKey, parsePublicKey } from '../domain/public-key.ts';

export type PinRead =
  | { readonly kind: 'pin'; readonly pin: Pin }
  | { readonly kind: 'absent' }
  /** The store lists it, but no longer has it. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly problem: RecordProblem }
  /** Its file is not ours alone. */
  | { readonly kind: 'refused'; readonly trouble: StateTrouble };

const version = 1;
/** A team of hundreds fits. */
const longestRecord = 1 << 20;

/** The record of a pin: one line of JSON, times in ISO 8601 UTC. */
export function writeRecord(pin: Pin): string {
  return JSON.stringify({
    version,
    reference: pin.reference,
    keys: pin.keys.map(({ type, base64 }) => ({ type, base64 })),
    firstSeen: pin.firstSeen,
    lastSeen: pin.lastSeen,
    lastPaired: pin.lastPaired,
    validator: pin.validator,
  });
}

/** Reads a record that must be of `reference`. Anything that is not wholly a pin of this version is `unreadable`. */
export function readRecord(text: string, reference: string): PinRead {
  const read = readVersioned(text);
  if (!read.ok) return no(read.problem);
  const { record } = read;
  if (record.reference !== reference) return no('other-reference');
  if (!Array.isArray(record.keys)) return no('wrong-shape');
  const keys = record.keys.map(keyOf).filter((key) => key !== undefined);
  if (keys.length !== record.keys.length || !isNonEmpty(keys)) return no('bad-key');
  const [firstSeen, lastSeen] = [timeOf(record.firstSeen), timeOf(record.lastSeen)];
  if (!firstSeen || !lastSeen) return no('bad-time');
  const lastPaired = timeOf(record.lastPaired);
  if (record.lastPaired !== undefined && !lastPaired) return no('bad-time');
  const { validator } = record;
  if (!isShortText(validator)) return no('wrong-shape');
  return {
    kind: 'pin',
    pin: {
      reference,
      keys,
      firstSeen,
      lastSeen,
      ...(lastPaired && { lastPaired }),
      ...(validator !== undefined && { validator }),
    },
  };
}

/** Reads the JSON object of any record of ours, a pin's or the index's, up to its version. */
export function readVersioned(
  text: string,
): { ok: true; record: Readonly<Record<string, unknown>> } | { ok: false; problem: RecordProblem } {
  if (text.length > longestRecord) return { ok: false, problem: 'too-long' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'not-json' };
  }
  if (!isRecord(value)) return { ok: false, problem: 'wrong-shape' };
  if (value.version !== version) return { ok: false, problem: 'other-version' };
  return { ok: true, record: value };
}

/** The list of references, for which the keychain cannot be asked. */
export function writeIndex(references: readonly string[]): string {
  return JSON.stringify({ version, references });
}

export function readIndex(
  text: string,
): { ok: true; references: readonly string[] } | { ok: false; problem: RecordProblem } {
  const read = readVersioned(text);
  if (!read.ok) return read;
  const { references } = read.record;
  const strings = Array.isArray(references) && references.every((one) => typeof one === 'string');
  return strings ? { ok: true, references } : { ok: false, problem: 'wrong-shape' };
}

function no(problem: RecordProblem): PinRead {
  return { kind: 'unreadable', problem };
}

function keyOf(value: unknown): PublicKey | undefined {
  if (!isRecord(value) || typeof value.type !== 'string' || typeof value.base64 !== 'string')
    return undefined;
  const parsed = parsePublicKey(`${value.type} ${value.base64}`);
  const exact = parsed.ok && parsed.key.type === value.type && parsed.key.base64 === value.base64;
  return exact ? parsed.key : undefined;
}

function timeOf(value: unknown): Date | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) return undefined;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function isShortText(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && /^[\x20-\x7e]{1,1024}$/.test(value));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
