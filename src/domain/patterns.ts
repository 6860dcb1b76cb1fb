/** Whether a name matches a pattern of OpenSSH's, with `*` and `?`. A negated one never matches. */
export function matches(pattern: string, name: string): boolean {
  const source = pattern.replaceAll(/[^*?]/g, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'su').test(name);
}

/** A list of them matches if one does, and no negated one does. */
export function matchesList(patterns: readonly string[], name: string): boolean {
  const negated = patterns.flatMap((pattern) => (pattern.startsWith('!') ? [pattern.slice(1)] : []));
  return (
    patterns.some((pattern) => matches(pattern, name)) && !negated.some((pattern) => matches(pattern, name))
  );
}
