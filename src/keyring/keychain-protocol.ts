/**
 * What the program and its keychain process say to each other: one JSON object per line, requests on standard input,
 * answers on standard output, each answer with its request's id. The process says hello once, first. Both ends are of
 * one build; the version is still checked, since a file can be left from another.
 */
export const protocolVersion = 1;

/** `set` needs a value that is not empty. */
export type Request =
  | { readonly op: 'get' | 'delete'; readonly account: string }
  | { readonly op: 'set'; readonly account: string; readonly value: string };

export type Hello =
  | { readonly protocol: typeof protocolVersion; readonly ready: true }
  | {
      readonly protocol: typeof protocolVersion;
      readonly ready: false;
      readonly cause: 'not-installed' | 'not-loadable';
      readonly detail: string;
    };

/** `value` is `null` if nothing was found (or nothing could be read), `true` for what was set or deleted. */
export type Answer =
  | { readonly id: number; readonly ok: true; readonly value: string | boolean | null }
  | { readonly id: number; readonly ok: false; readonly detail: string };

export function isHello(value: unknown): value is Hello {
  if (!isObject(value) || value.protocol !== protocolVersion) return false;
  if (value.ready === true) return true;
  const { ready, cause, detail } = value;
  return (
    ready === false && (cause === 'not-installed' || cause === 'not-loadable') && typeof detail === 'string'
  );
}

export function isAnswer(value: unknown): value is Answer {
  if (!isObject(value) || typeof value.id !== 'number') return false;
  if (value.ok === false) return typeof value.detail === 'string';
  const kind = value.value === null ? 'null' : typeof value.value;
  return value.ok === true && ['null', 'string', 'boolean'].includes(kind);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
