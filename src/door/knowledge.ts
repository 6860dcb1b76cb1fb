/** What was learned of the sshd on a port, as it is kept. */
import type { PublicKey } from '../domain/public-key.ts';
import type { SshdSettings } from './ask-sshd.ts';
import { type Greeting, greetingIn } from './greeting.ts';
import { keysIn } from './served-keys.ts';

export interface Knowledge {
  readonly greeting: Greeting;
  /** The address that it was heard at, which can be reached from here. */
  readonly host: string;
  /** Absent where they can't be read, or are not those of who listens. */
  readonly settings?: SshdSettings;
  /** This account's, where the settings ask for them. */
  readonly groups: readonly string[];
  /** Host keys that it has shown. */
  readonly shown: readonly PublicKey[];
}

/** For JSON. */
export function toPlain({ greeting, host, settings, groups, shown }: Knowledge): unknown {
  return {
    greeting: 'text' in greeting ? greeting.text : '',
    host,
    ...(settings && {
      settings: {
        ...settings,
        outlooks: settings.outlooks.map((outlook) => ({ ...outlook, settings: [...outlook.settings] })),
      },
    }),
    groups,
    shown: shown.map(({ type, base64 }) => `${type} ${base64}`),
  };
}

/** @returns `undefined` where it is not exactly what {@link toPlain} gives */
export function fromPlain(value: unknown): Knowledge | undefined {
  if (!isRecord(value)) return undefined;
  const { greeting: text, host, groups, shown } = value;
  if (typeof text !== 'string' || typeof host !== 'string' || !isList(groups, isText)) return undefined;
  if (!isList(shown, isText)) return undefined;
  const greeting = greetingIn(`${text}\r\n`, true);
  if (greeting.kind !== 'openssh' && greeting.kind !== 'other') return undefined;
  const known = { greeting, host, groups, shown: keysIn(shown.map((key) => `host ${key}`).join('\n')) };
  if (value.settings === undefined) return known;
  const settings = settingsFrom(value.settings);
  return settings && { ...known, settings };
}

function settingsFrom(value: unknown): SshdSettings | undefined {
  if (!isRecord(value)) return undefined;
  const { outlooks, unresolved, args, pid, uid } = value;
  const isWhole =
    isList(unresolved, isText) &&
    isList(args, isText) &&
    Number.isSafeInteger(uid) &&
    (pid === undefined || Number.isSafeInteger(pid)) &&
    isList(
      outlooks,
      (one) =>
        isRecord(one) &&
        (one.when === undefined || isText(one.when)) &&
        isList(one.settings, (entry) => isList(entry, () => true) && entry.length === 2 && isEntry(entry)),
    ) &&
    outlooks.length > 0;
  if (!isWhole) return undefined;
  return {
    ...(value as unknown as SshdSettings),
    outlooks: (outlooks as { settings: [string, string[]][]; when?: string }[]).map((one) => ({
      ...one,
      settings: new Map(one.settings),
    })),
  };
}

function isEntry([keyword, values]: readonly unknown[]): boolean {
  return isText(keyword) && isList(values, isText);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList<T = unknown>(
  value: unknown,
  test: ((one: unknown) => one is T) | ((one: unknown) => boolean),
): value is readonly T[] {
  return Array.isArray(value) && value.every((one) => test(one));
}
