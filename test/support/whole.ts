/**
 * Whether the whole suite runs: `npm run test:whole`. Else its core, which has each protection at least once, and is over
 * soon enough to be run before every commit.
 */
export function isWhole(): boolean {
  return process.env.TEST_WHOLE === '1';
}

/** Of the rows of a table the first ones, as many as the core tries; all of them in the whole suite. */
export function rows<const T>(all: readonly T[], core: number): readonly T[] {
  return isWhole() ? all : all.slice(0, core);
}

/** How often something is tried. */
export function times(whole: number, core: number): number {
  return isWhole() ? whole : core;
}
