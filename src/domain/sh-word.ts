/** One word in quotes, for any POSIX shell, for tmux, and for fish if it holds no backslash. */
export function shQuote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The same, but without quotes if every character is plain. */
export function shWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : shQuote(word);
}
