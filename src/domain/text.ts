/** Control characters, bidirectional overrides, invisible characters and line separators. */
const unsafe = /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;

/**
 * Makes text from outside safe to print on a terminal in one line: control characters, bidirectional overrides and line
 * separators become `\xNN` or `\u{…}`, and text longer than `longest` is cut.
 */
export function printable(text: string, longest = 200): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return cut.replace(unsafe, (c) => {
    const code = c.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/**
 * JSON in one line, whatever a reader takes for a line end, and safe to look at: characters that a terminal might obey
 * are escaped, which means the same.
 */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(unsafe, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
