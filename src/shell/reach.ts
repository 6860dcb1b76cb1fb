/** Who comes to a command of a start-up file, and for whom a condition is met. */

/**
 * Whether somebody who is not at a prompt comes to a command: never, under some condition, if a file exists, past what
 * keeps people at a prompt out, always. They are ordered so that the least of several holds for all of them together.
 */
export const reaches = { never: 0, atTimes: 1, byFile: 2, others: 3, always: 4 } as const;
export type Reach = (typeof reaches)[keyof typeof reaches];
const { never, atTimes, byFile, others } = reaches;

/**
 * Whether a text tells people at a prompt from others, as in `[[ $- == *i* ]]`, or says that sshd did not start the
 * shell.
 */
const isInteractive =
  /\$-\S*\s*(==?|=~)\s*["']?\*?i|-o\s+["']?interactive|-n\s+["']?\$\{?PS1|status\s+(--)?(is-interactive|-i\b)|\(\s*\$\?prompt(?!\s*(?:==\s*0|!=\s*1))|\[\s+["']?\$\{?PS1\}?["']?\s+\]|-z\s+["']?\$\{?SSH2?_(CLIENT|CONNECTION)/;
const isNotInteractive =
  /\$-\S*\s*!=\s*["']?\*?i|-z\s+["']?\$\{?PS1|!\s*\$\?prompt|\$\?prompt\s*(?:==\s*0|!=\s*1)/;
const isBySshd = /-n\s+["']?\$\{?SSH2?_(CLIENT|CONNECTION)/;
/** What joins tests: if a guard has such a part, it is not known whom it is for. */
const [and, or] = [/&&|\s-a\s/, /\|\||\s-o\s+(?!["']?interactive)/];
/** A test that is met again if it was met before. */
const isFileTest = /^(\[\[?|test)\s+-[defrsx]\s/;

export const least = (...all: readonly Reach[]): Reach => Math.min(...all) as Reach;
/** Who comes to what follows if it fails. */
export function not(truth: Reach): Reach {
  if (truth === never) return others;
  return truth >= others ? never : truth;
}

/** For whom a condition is met. */
export function truthOf(text: string): Reach {
  const [, negated] = /^((?:\[\[?|test)\s+!\s+).*/s.exec(text) ?? [];
  if (negated !== undefined) {
    const rest = text.replace(/!\s+/, '');
    return and.test(rest) || or.test(rest) ? atTimes : not(truthOf(rest));
  }
  const isNot = isNotInteractive.test(text);
  if (isInteractive.test(text) && !isNot) return or.test(text) ? atTimes : never;
  if (isNot || isBySshd.test(text)) return and.test(text) ? atTimes : others;
  return isFileTest.test(text) && !and.test(text) && !or.test(text) ? byFile : atTimes;
}
