/** An ETag that may be sent back: `"…"` or `W/"…"` in printable ASCII, at most 256 characters. */
export function isValidator(text: string | undefined): text is string {
  return text !== undefined && text.length <= 256 && /^(?:W\/)?"[\x21\x23-\x7e]*"$/.test(text);
}
