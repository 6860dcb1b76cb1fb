/**
 * The commands of a start-up file, as far as they can be found without running it: enough of each shell's grammar for
 * that.
 */

/** A line, with those on which its quotes and backslashes continue it. */
export interface LogicalLine {
  /** Where it begins, from 1. */
  readonly number: number;
  readonly text: string;
}

export type Dialect = 'sh' | 'fish' | 'csh';

export function dialectOf(shell: string): Dialect {
  if (shell === 'fish') return 'fish';
  return /csh$/.test(shell) ? 'csh' : 'sh';
}

/** On how many lines one may continue: if there are more, something was mistaken for a quote. */
const longest = 100;

/** The lines without comments, and without what is fed to commands as their input. */
export function* logicalLines(text: string, dialect: Dialect): Generator<LogicalLine, void> {
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const number = at + 1;
    let whole = lines[at] ?? '';
    let lexed = lex(whole, dialect);
    for (let more = 1; !lexed.isWhole && more < longest && number - 1 + more < lines.length; more++) {
      whole += `\n${lines[number - 1 + more]}`;
      lexed = lex(whole, dialect);
      if (lexed.isWhole) at = number - 1 + more;
    }
    if (!lexed.isWhole) {
      whole = lines[number - 1] ?? '';
      lexed = lex(whole, dialect);
    }
    for (const [since, end] of lexed.comments.toReversed()) whole = whole.slice(0, since) + whole.slice(end);
    yield { number, text: whole.replaceAll('\\\n', ' ') };
    for (const end of lexed.documents) {
      while (at + 1 < lines.length && lines[at + 1]?.replace(/^\t+/, '') !== end) at += 1;
      at += 1;
    }
  }
}

/** A word, or what separates commands. */
type Token = Word | { readonly kind: 'break'; readonly text: string };

export interface Word {
  readonly kind: 'word';
  readonly text: string;
  /** The code that runs to make it. */
  readonly inner: readonly string[];
  /** Whether no part of it is quoted. */
  readonly isBare: boolean;
  /** The whole `[[ … ]]` that begins here. */
  readonly condition?: string;
}

interface Lexed {
  readonly tokens: readonly Token[];
  /** Whether every quote was closed. */
  readonly isWhole: boolean;
  /** The words that end the here-documents after the line. */
  readonly documents: readonly string[];
  /** Where each starts and ends. */
  readonly comments: readonly (readonly [number, number])[];
}

export function lex(text: string, dialect: Dialect): Lexed {
  const tokens: Token[] = [];
  const documents: string[] = [];
  const comments: [number, number][] = [];
  let [word, inner, isBare, hasWord] = ['', [] as string[], true, false];
  let isWhole = true;
  const endWord = (): void => {
    if (hasWord) tokens.push({ kind: 'word', text: word, inner, isBare });
    [word, inner, isBare, hasWord] = ['', [], true, false];
  };
  let at = 0;
  /** The text up to what closes what is opened here. */
  const within = (open: string, close: string): string => {
    const since = at;
    for (let depth = 1; at < text.length; at++) {
      const c = text[at];
      if (c === '\\') at += 1;
      else if (c === "'" && open !== '"' && open !== '`') {
        at = text.indexOf("'", at + 1);
        if (at === -1) at = text.length;
      } else if (c === close) {
        depth -= 1;
        if (depth === 0) return text.slice(since, at++);
      } else if ((open === '"' && c === '$' && text[at + 1] === '(') || (open === '(' && c === '"')) {
        at += c === '"' ? 1 : 2; // What is in there has quotes of its own.
        if (c === '"') within('"', '"');
        else within('(', ')');
        at -= 1;
      } else if (c === open) depth += 1;
    }
    isWhole = false;
    return text.slice(since);
  };
  while (at < text.length) {
    const c = text[at] ?? '';
    const next = text[at + 1] ?? '';
    at += 1;
    if (dialect === 'sh' && !hasWord && /^\[\[\s/.test(text.slice(at - 1, at + 2))) {
      // A condition: nothing in it is a command, whatever it looks like.
      const [condition = ''] = /^.*?(?<=\s)\]\]/s.exec(text.slice(at - 1)) ?? [];
      if (condition === '') isWhole = false;
      at = condition === '' ? text.length : at - 1 + condition.length;
      tokens.push({
        kind: 'word',
        text: '[[',
        inner: substitutions(condition.slice(2), dialect),
        isBare: true,
        condition,
      });
    } else if (c === '\\') {
      if (at === text.length) isWhole = false;
      else if (next !== '\n') [word, hasWord] = [word + next, true];
      at += 1;
    } else if (c === "'") {
      // With backslashes in it if the shell has them there: in fish, and in $'…'.
      const escapes = dialect === 'fish' || (dialect === 'sh' && word.endsWith('$'));
      const [all = ''] = (escapes ? /^(?:\\.|[^'\\])*/s : /^[^']*/).exec(text.slice(at)) ?? [];
      at += all.length + 1;
      if (at > text.length) isWhole = false;
      [word, hasWord, isBare] = [word + all, true, false];
    } else if (c === '"') {
      const quoted = within('"', '"');
      inner.push(...substitutions(quoted, dialect));
      [word, hasWord, isBare] = [word + quoted, true, false];
    } else if (c === '`') {
      const code = within('`', '`');
      inner.push(code);
      [word, hasWord] = [`${word}\`${code}\``, true];
    } else if (c === '$' && next === '(') {
      at += 1;
      const code = within('(', ')');
      if (!code.startsWith('(')) inner.push(code);
      [word, hasWord] = [`${word}$(${code})`, true];
    } else if (c === '$' && next === '{') {
      at += 1;
      [word, hasWord] = [`${word}\${${within('{', '}')}}`, true];
    } else if (c === '(' && dialect === 'csh' && isBare && /^(if|while)$/.test(word)) {
      endWord();
      [word, hasWord] = [`(${within('(', ')')})`, true];
    } else if (c === '(' && dialect === 'csh' && !hasWord && tokens.at(-1)?.kind === 'word') {
      [word, hasWord] = [`(${within('(', ')')})`, true]; // A condition, or a list.
    } else if (c === '(' && dialect === 'fish') {
      const code = within('(', ')');
      inner.push(code);
      [word, hasWord] = [`${word}(${code})`, true];
    } else if (c === '(' && (hasWord ? /=$/.test(word) : next === '(')) {
      [word, hasWord] = [`${word}(${within('(', ')')})`, true]; // A list of values, or arithmetic.
    } else if (c === '#' && !hasWord) {
      const end = text.indexOf('\n', at);
      comments.push([at - 1, end === -1 ? text.length : end]);
      at = end === -1 ? text.length : end;
    } else if (c === '<' && next === '<' && text[at + 1] !== '<' && dialect !== 'fish') {
      const [all = '', end = ''] = /^<-?\s*["'\\]?([\w!.]+)["']?/.exec(text.slice(at)) ?? [];
      endWord();
      at += all.length;
      if (end !== '') documents.push(end);
    } else if (/[<>]/.test(c) && next === '(') {
      at += 1;
      const code = within('(', ')');
      inner.push(code);
      [word, hasWord] = [`${word}${c}(${code})`, true];
    } else if (/[<>]/.test(c) || (c === '&' && next === '>')) {
      const [all = ''] = /^[<>&|]*\s*/.exec(text.slice(at)) ?? [];
      at += all.length;
      if (/^(\d*|\{\w+\})$/.test(word)) [word, hasWord] = ['', false];
      endWord();
      tokens.push({ kind: 'break', text: '>' });
    } else if (/[;&|()\n]/.test(c)) {
      endWord();
      const [all = ''] = /^(;;&?|;&|&&|\|\||\|&|.)/s.exec(text.slice(at - 1)) ?? [];
      at += all.length - 1;
      tokens.push({ kind: 'break', text: all });
    } else if (/\s/.test(c)) endWord();
    else [word, hasWord] = [word + c, true];
  }
  endWord();
  return { tokens, isWhole, documents, comments };
}

/** The code that runs within double quotes. */
function substitutions(text: string, dialect: Dialect): string[] {
  if (!/[`]|\$\(|\(/.test(text) || dialect === 'csh') return [];
  const { tokens } = lex(text.replaceAll('"', ' ').replaceAll("'", ' '), dialect === 'fish' ? 'fish' : 'sh');
  return tokens.flatMap((token) => (token.kind === 'word' ? token.inner : []));
}
