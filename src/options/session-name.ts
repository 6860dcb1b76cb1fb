import { usage } from '../domain/failure.ts';

/** tmux splits names at `:` and `.`, takes `=` and `$` for patterns, and runs what `#(…)` names. */
export function parseSession(text: string): string {
  if (isSession(text)) return text;
  return usage(
    `--session ${JSON.stringify(text.slice(0, 80))} can't be the name of a session`,
    'use up to 32 letters, digits, _ and -, the first of them no -',
  );
}

/** Whether this can be the name of a session. */
export function isSession(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_-]{0,31}$/.test(text);
}
