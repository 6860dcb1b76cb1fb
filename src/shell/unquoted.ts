/**
 * Variables of a guest's that a start-up file makes its shell take for code: without quotes in a test, in arithmetic,
 * in what is evaluated. Found by reading, since a trial does not come to lines below a condition.
 */
import { dialectOf } from './shell-lines.ts';

/**
 * Code, and versions of it with fillers for what does not count, all of one length: what is found in one is at the same
 * place in the others.
 */
interface Flat {
  readonly raw: string;
  /** Without what single quotes, backslashes and comments hide. */
  readonly open: string;
  /** Without what double quotes keep in one word, too. */
  readonly bare: string;
  /** The code in substitutions. */
  readonly inner: readonly string[];
  /** A variable within a substitution in double quotes, which csh reads once more with what the variable holds. */
  readonly reread: string | undefined;
}

/** No space, and nothing that has a meaning to a shell. */
const filler = '.';

/** Where a command may begin. */
const start = String.raw`(?:^|[;&|(){!\n]|\b(?:if|elif|while|until|then|else|do|time|builtin|command|and|or|not)\s)\s*`;
const at = (command: string): RegExp => new RegExp(`(?<=${start})${command}`, 'gs');

const tests = at(String.raw`(?:\[|test)(?=\s)([^;&|\n]*?)(?=\s\](?:[\s;&|)]|$)|[;&|\n]|$)`);
const conditions = /\[\[\s(.*?)\s\]\]/gs;
const comparisons = /(\S+)\s+-(?:eq|ne|[lg][te])\s+(\S+)/g;
const existence = /(?:^|\s)-v\s+(\S+)/g;
const arithmetic = [
  /\(\((.*?)\)\)/gs,
  /\$\[([^\]]*)\]/g,
  at(String.raw`let\s([^;&|\n]*)`),
  at(String.raw`(?:integer|(?:declare|typeset|local|export|readonly)\s+-\w*i\w*)\s([^;&|\n]*)`),
  /\$\{\w+:([^-+=?}][^}]*)\}/g,
];
const subscripts = /(?:\$\{[#!]?|(?<=^|[\s;]))(\w+)\[([^\]]*)\](?=[}:%#/,^@]|\+?=)/g;
const indirect = /\$\{(?:!|\([^)]*[Pe][^)]*\))(\w+)(?![\w*@])/g;
/** They take a name, and run what is in its brackets. */
const named = at(
  String.raw`(?:printf\s+-v|(?:read|declare|typeset|local)(?:\s+-\w+)*)\s+([^\s=;&|]*\$[^\s=;&|]*)`,
);
const evaluations = at(
  String.raw`(?:eval\s([^;&|\n]*)|(?:trap|(?:\S*/)?(?:ba|z|da|k|mk|tc|c|fi)?sh\s+-\w*c)\s+(\S+))`,
);
const assignments = /(?<=^|[\s;&|({])(\w+)\+?=(\S*)/g;
const cshAssignments = /(?<=^|[\s;])(?:set\s+(\w+)\s*=|setenv\s+(\w+)\s)\s*(\S*)/g;
const cshExpressions = at(String.raw`(?:else\s+)?(?:if|while|exit)\s*(\(.*)`);
const cshCalculations = at(String.raw`@\s([^;\n]*)`);
/** Commands that print what they are given. */
const prints = /(?:^|[\s;&|(/])(?:echo|printf|print|basename)\s|<<</;

/**
 * To be asked line by line, in the order in which lines run, since earlier assignments count.
 * @param shell its plain name
 * @returns a function that gives the first variable in a logical line that is taken for code, as `$NAME`
 */
export function unquotedFinder(
  shell: string,
  isTheirs: (name: string) => boolean,
): (line: string) => string | undefined {
  const dialect = dialectOf(shell);
  /** Variables that were given the value of one of theirs. */
  const given = new Set<string>();
  /** Arrays whose subscripts are names. */
  const maps = new Set<string>();
  const isGuests = (name: string): boolean =>
    isTheirs(dialect === 'csh' && name === 'term' ? 'TERM' : name) || given.has(name);
  /** The first of theirs whose value is in the text. */
  const valueIn = (text: string, isOne = isGuests): string | undefined =>
    [...plain(text).matchAll(/\$\{?(?:\([^)]*\))?[=~^]*([A-Za-z_]\w*)/g)]
      .map(([, name = '']) => name)
      .find(isOne);
  /** The same for an expression, in which bare words are variables. */
  const operandIn = (text: string): string | undefined =>
    plain(text)
      .match(/[A-Za-z_]\w*/g)
      ?.find(isGuests);

  const flatten = (raw: string): Flat => {
    let [open, bare, isQuoted] = ['', '', false];
    const inner: string[] = [];
    let reread: string | undefined;
    const put = (text: string, isHidden = false): void => {
      const hidden = filler.repeat(text.length);
      open += isHidden ? hidden : text;
      bare += isHidden || isQuoted ? hidden : text;
    };
    for (let here = 0; here < raw.length; ) {
      const c = raw[here] ?? '';
      const isFish = dialect === 'fish' && c === '(' && !isQuoted;
      let end = here + 1;
      if (c === '\\') {
        end += 1;
        put(raw.slice(here, end), true);
      } else if (c === "'" && !isQuoted) {
        end = after(raw, "'", end);
        put(raw.slice(here, end), true);
      } else if (c === '"') {
        isQuoted = !isQuoted;
        put(c, true);
      } else if (c === '#' && !isQuoted && /(^|[\s;&|(])$/.test(raw.slice(0, here))) {
        end = after(raw, '\n', end) - (raw.includes('\n', end) ? 1 : 0);
        put(raw.slice(here, end), true);
      } else if (
        c === '`' ||
        isFish ||
        (/^\$\((?!\()/.test(raw.slice(here, here + 3)) && dialect !== 'csh')
      ) {
        const from = c === '$' ? here + 2 : here + 1;
        end = c === '`' ? after(raw, '`', from) : closing(raw, from);
        const code = raw.slice(from, end - 1).replaceAll('\\`', '`');
        inner.push(code);
        if (dialect === 'csh' && isQuoted) reread ??= valueIn(code, isTheirs);
        const name = prints.test(code) ? valueIn(flatten(code).open) : undefined;
        put((name === undefined ? '' : `$${name}`).padEnd(end - here, filler).slice(0, end - here));
      } else put(c);
      here = end;
    }
    return { raw, open: open.slice(0, raw.length), bare: bare.slice(0, raw.length), inner, reread };
  };

  const inSh = ({ open, bare }: Flat): string | undefined => {
    const all = (pattern: RegExp, text: string, group = 1): string[] =>
      [...text.matchAll(pattern)].map((match) => match[group] ?? '');
    const splits = shell !== 'zsh' && shell !== 'rzsh';
    const compared = all(conditions, open);
    return first([
      ...(splits ? all(tests, bare).map((one) => valueIn(one)) : []),
      ...[...all(tests, open), ...compared].flatMap((one) => all(existence, one)).map((one) => valueIn(one)),
      ...compared.flatMap((one) => [...all(comparisons, one), ...all(comparisons, one, 2)]).map(operandIn),
      ...arithmetic.flatMap((pattern) => all(pattern, open)).map(operandIn),
      ...[...open.matchAll(subscripts)].map(([, name = '', key = '']) =>
        maps.has(name) ? undefined : operandIn(key),
      ),
      ...all(indirect, open).map((name) => (isGuests(name) ? name : undefined)),
      ...all(named, open).map((one) => valueIn(one)),
    ]);
  };
  const inCsh = ({ bare, reread }: Flat): string | undefined => {
    const expressions = [...bare.matchAll(cshExpressions)].map(([, rest = '']) =>
      rest.slice(0, closing(rest, 1)),
    );
    const calculations = [...bare.matchAll(cshCalculations)].map(([, rest = '']) => rest);
    return first([reread, ...[...expressions, ...calculations].map((one) => valueIn(one))]);
  };
  const evaluated = ({ raw, open, bare }: Flat): string | undefined =>
    first(
      [...bare.matchAll(evaluations)].map(({ 0: { length }, 1: all, 2: word, index }) => {
        const from = index + length - (all ?? word ?? '').length;
        const to = index + length;
        return valueIn(open.slice(from, to)) ?? find(raw.slice(from, to).replace(/["'\\]/g, ''));
      }),
    );
  const note = ({ open, bare }: Flat): void => {
    for (const match of bare.matchAll(dialect === 'csh' ? cshAssignments : assignments)) {
      const value = match.at(-1) ?? '';
      const end = match.index + match[0].length;
      const name = match.slice(1, -1).find(Boolean);
      if (name !== undefined && valueIn(open.slice(end - value.length, end))) given.add(name);
    }
    for (const [, name = ''] of bare.matchAll(/\b(?:declare|typeset|local)\s+-\w*A\w*\s+(\w+)/g))
      maps.add(name);
  };
  const find = (code: string): string | undefined => {
    const flat = flatten(code);
    const found = first([
      ...flat.inner.map(find),
      dialect === 'sh' ? inSh(flat) : dialect === 'csh' ? inCsh(flat) : undefined,
      evaluated(flat),
    ]);
    note(flat);
    return found;
  };
  return (line) => {
    const name = find(line);
    return name === undefined ? undefined : `$${name}`;
  };
}

/**
 * Without what tells something of a variable other than its value: whether it is set, its length; and without what csh
 * quotes with `:q`.
 */
function plain(text: string): string {
  return text
    .replace(/\$\{[A-Za-z_]\w*:?\+/g, '')
    .replace(/\$\{?[#?%][A-Za-z_]\w*/g, '')
    .replace(/\$\{?\w+:[qx](?!\w)\}?/g, '');
}

function first(found: readonly (string | undefined)[]): string | undefined {
  return found.find((one) => one !== undefined);
}

/** The place after the next such character. */
function after(text: string, c: string, from: number): number {
  const end = text.indexOf(c, from);
  return end === -1 ? text.length : end + 1;
}

/** The place after the parenthesis that closes the one before `from`. */
function closing(text: string, from: number): number {
  let depth = 1;
  for (let here = from; here < text.length; here++) {
    const c = text[here];
    if (c === '\\') here += 1;
    else if (c === "'") here = after(text, c, here + 1) - 1;
    else if (c === '(') depth += 1;
    else if (c === ')') depth -= 1;
    if (depth === 0) return here + 1;
  }
  return text.length;
}
