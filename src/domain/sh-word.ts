/** A word as sh has to be given it: as it is if every character is plain, else in quotes. */
export function shWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
