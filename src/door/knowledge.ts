/** What was learned of the sshd on a port, as it is kept. */
import type { PublicKey } from '../domain/public-key.ts';
import type { SshdSettings } from './ask-sshd.ts';
import { type Greeting, greetingIn } from './greeting.ts';
import { keysIn } from './served-keys.ts';

export interface Knowledge {
  readonly greeting: Greeting;
  /** The address at which it was heard, which can be reached from here. */
  readonly host: string;
  /** Absent if they can't be read, or are not those of the server that listens. */
  readonly settings?: SshdSettings;
  /** Those of its addresses on that port that belong to the sshd with these settings; absent if that is not known. */
  readonly at?: readonly string[];
  /** Its configuration file, or that of an sshd that it may be. */
  readonly configFile: string;
  /** This account's groups, if the settings ask for them. */
  readonly groups: readonly string[];
  /** Host keys that it has shown. */
  readonly shown: readonly PublicKey[];
  /**
   * Those variables of a login's environment at the gate that steer shells, as `NAME=value`, and as text what was
   * expected then.
   */
  readonly seen?: { readonly entries: readonly string[]; readonly under: string };
}

/** For JSON. */
export function toPlain({
  greeting,
  host,
  settings,
  at,
  configFile,
  groups,
  shown,
  seen,
}: Knowledge): unknown {
  return {
    greeting: 'text' in greeting ? greeting.text : '',
    host,
    configFile,
    ...(at && { at }),
    ...(settings && {
      settings: {
        ...settings,
        outlooks: settings.outlooks.map((outlook) => ({ ...outlook, settings: [...outlook.settings] })),
      },
    }),
    groups,
    shown: shown.map(({ type, base64 }) => `${type} ${base64}`),
    ...(seen && { seen }),
  };
}

/** @returns `undefined` if it is not exactly what {@link toPlain} gives */
export function fromPlain(value: unknown): Knowledge | undefined {
  if (!isRecord(value)) return undefined;
  const { greeting: text, host, at, configFile, groups, shown } = value;
  if (!isText(text) || !isText(host) || !isText(configFile)) return undefined;
  if (!isList(groups, isText) || !isList(shown, isText)) return undefined;
  if (at !== undefined && !isList(at, isText)) return undefined;
  const greeting = greetingIn(`${text}\r\n`, true);
  if (greeting.kind !== 'openssh' && greeting.kind !== 'other') return undefined;
  const keys = keysIn(shown.map((key) => `host ${key}`).join('\n'));
  const seen = seenIn(value.seen);
  if (value.seen !== undefined && !seen) return undefined;
  const known = {
    ...{ greeting, host, configFile, groups, shown: keys },
    ...(at && { at }),
    ...(seen && { seen }),
  };
  if (value.settings === undefined) return known;
  const settings = settingsFrom(value.settings);
  return settings && { ...known, settings };
}

function seenIn(value: unknown): Knowledge['seen'] {
  if (!isRecord(value) || !isList(value.entries, isText) || !isText(value.under)) return undefined;
  return { entries: value.entries, under: value.under };
}

function settingsFrom(value: unknown): SshdSettings | undefined {
  if (!isRecord(value)) return undefined;
  const { outlooks, unresolved, args, isStale, pid, uid } = value;
  const isWhole =
    isList(unresolved, isText) &&
    isList(args, isText) &&
    Number.isSafeInteger(uid) &&
    (pid === undefined || Number.isSafeInteger(pid)) &&
    (isStale === undefined || typeof isStale === 'boolean') &&
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
