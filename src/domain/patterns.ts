/** OpenSSH's patterns: `*` and `?`. One that is negated never matches. */
export function matches(pattern: string, name: string): boolean {
  const source = pattern.replaceAll(/[^*?]/g, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'su').test(name);
}

/** A list of them: it matches if one does, and none that is negated. */
export function matchesList(patterns: readonly string[], name: string): boolean {
  const negated = patterns.flatMap((pattern) => (pattern.startsWith('!') ? [pattern.slice(1)] : []));
  return (
    patterns.some((pattern) => matches(pattern, name)) && !negated.some((pattern) => matches(pattern, name))
  );
}
