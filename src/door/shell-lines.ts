/** The commands of a start-up file, as far as they can be told without running it: enough of each shell's grammar for that. */

/** A line with those that its quotes and backslashes continue it on. */
export interface LogicalLine {
  /** From 1: where it begins. */
  readonly number: number;
  readonly text: string;
}

export interface SimpleCommand {
  /** Without quotes. What is only known when it runs is in them as it is written. */
  readonly words: readonly string[];
  /** Whether something on the same line decides whether it runs. */
  readonly isConditional: boolean;
  /** Whether what it prints goes to another command. */
  readonly isPiped: boolean;
}

export type Dialect = 'sh' | 'fish' | 'csh';

export function dialectOf(shell: string): Dialect {
  if (shell === 'fish') return 'fish';
  return /csh$/.test(shell) ? 'csh' : 'sh';
}

/** How many lines one may be continued on: more is a quote that was taken for one by mistake. */
const longest = 100;

/** Comments, and what is fed to commands as their input, are gone. */
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

/** A word, or what stands between commands. */
type Token =
  | {
      readonly kind: 'word';
      readonly text: string;
      readonly inner: readonly string[];
      readonly isBare: boolean;
    }
  | { readonly kind: 'break'; readonly text: string };

interface Lexed {
  readonly tokens: readonly Token[];
  /** Whether every quote was closed. */
  readonly isWhole: boolean;
  /** What ends the documents that follow the line. */
  readonly documents: readonly string[];
  /** From where up to where they go. */
  readonly comments: readonly (readonly [number, number])[];
}

function lex(text: string, dialect: Dialect): Lexed {
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
  /** Up to what closes what is opened here; the text between. */
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
      // A condition: what looks like commands in it is none.
      const [condition = ''] = /^.*?(?<=\s)\]\]/s.exec(text.slice(at - 1)) ?? [];
      if (condition === '') isWhole = false;
      at = condition === '' ? text.length : at - 1 + condition.length;
      tokens.push({
        kind: 'word',
        text: '[[',
        inner: substitutions(condition.slice(2), dialect),
        isBare: true,
      });
    } else if (c === '\\') {
      if (at === text.length) isWhole = false;
      else if (next !== '\n') [word, hasWord] = [word + next, true];
      at += 1;
    } else if (c === "'") {
      // With backslashes in it where the shell has them there: in fish, and in $'…'.
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
      inner.push(within('(', ')'));
      [word, hasWord] = [`${word}/dev/fd/n`, true];
    } else if (/[<>]/.test(c)) {
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

/** What runs within double quotes. */
function substitutions(text: string, dialect: Dialect): string[] {
  if (!/[`]|\$\(|\(/.test(text) || dialect === 'csh') return [];
  const { tokens } = lex(text.replaceAll('"', ' ').replaceAll("'", ' '), dialect === 'fish' ? 'fish' : 'sh');
  return tokens.flatMap((token) => (token.kind === 'word' ? token.inner : []));
}

/** What opens a branch, on its line or on those below. */
const opening = /^(if|elif|while|until|for|foreach|case|select|switch|function|begin)$/;
/** What a command may follow at once. */
const leading = /^(if|elif|then|else|do|while|until|time|!|\{|\}|not|and|or|begin|fi|done|end|endif|esac)$/;

/** The commands of one logical line, those in substitutions before those that they are part of. */
export function commandsIn(line: string, dialect: Dialect): SimpleCommand[] {
  const found: SimpleCommand[] = [];
  let words: Extract<Token, { kind: 'word' }>[] = [];
  let isConditional = false;
  /** How many parentheses are open: one that closes without ends the pattern of a branch. */
  let open = 0;
  let skipsWord = false;
  /** Whether a pattern of a branch is to come, which may have parentheses around it. */
  let pattern = false;
  const end = (isPiped: boolean): void => {
    if (words[0]?.isBare && words[0].text === 'case') pattern = true;
    const [conditional, command] = commandOf(words, dialect);
    words = [];
    isConditional ||= conditional;
    if (command.length === 0) return;
    for (const code of command.flatMap(({ inner }) => inner))
      for (const one of commandsIn(code, dialect))
        found.push({ ...one, isConditional: isConditional || one.isConditional });
    found.push({ words: command.map(({ text }) => text), isConditional, isPiped });
  };
  const { tokens } = lex(line, dialect);
  for (const [n, token] of tokens.entries()) {
    if (token.kind === 'word') {
      if (!skipsWord) words.push(token);
      if (token.isBare && token.text === 'esac') pattern = false;
      skipsWord = false;
      continue;
    }
    skipsWord = token.text === '>'; // The file.
    if (skipsWord) continue;
    if (pattern && token.text === '(') continue;
    if (pattern && token.text === ')') {
      [words, isConditional, pattern] = [[], true, false];
      continue;
    }
    if (token.text === '(') {
      const after = tokens[n + 1];
      const isFunction = words.length > 0 && after?.kind === 'break' && after.text === ')';
      if (isFunction) [words, isConditional] = [[], true];
      else end(false);
      open += 1;
    } else if (token.text === ')') {
      if (open === 0) words = [];
      else end(false);
      if (open === 0) isConditional = true;
      open = Math.max(0, open - 1);
    } else {
      end(token.text.startsWith('|') && token.text !== '||');
      if (token.text === '&&' || token.text === '||') isConditional = true;
      if (token.text.startsWith(';;')) pattern = true;
    }
  }
  end(false);
  return found;
}

type Word = Extract<Token, { kind: 'word' }>;

/** Without what the grammar has before it. @returns whether that decides whether the command runs, and its words */
function commandOf(all: readonly Word[], dialect: Dialect): [boolean, readonly Word[]] {
  let words = all;
  let isConditional = false;
  for (;;) {
    const [first] = words;
    if (!first) return [isConditional, words];
    const { text, isBare } = first;
    if (isBare && /^(case|for|foreach|select|function|switch)$/.test(text)) return [true, []];
    if (isBare && leading.test(text)) {
      const hasCondition = dialect === 'csh' && words[1]?.text.startsWith('(') === true;
      isConditional ||= /^(then|else|do|and|or)$/.test(text) || hasCondition;
      words = words.slice(hasCondition ? 2 : 1);
    } else if (isBare && text === '[[' && words[1]?.text === '{') {
      [isConditional, words] = [true, words.slice(1)]; // As zsh has it: if [[ … ]] { … }
    } else if (isBare && (text === '[[' || text === '[')) {
      return [isConditional, words.slice(0, 1)];
    } else if (dialect !== 'csh' && /^\w+(\[[^\]]*\])?\+?=/.test(text)) {
      // An assignment: what it runs to get the value counts.
      const rest = words.slice(1);
      if (rest.length === 0) return [isConditional, [{ ...first, text: ':' }]];
      words = [
        { ...(rest[0] as Word), inner: [...first.inner, ...(rest[0]?.inner ?? [])] },
        ...rest.slice(1),
      ];
    } else return [isConditional, words];
  }
}

/** How many blocks deeper, or less deep, the line leaves what follows it. */
export function depthOf(line: string, dialect: Dialect): number {
  const { tokens } = lex(line, dialect);
  let depth = 0;
  let isFirst = true;
  for (const token of tokens) {
    if (token.kind === 'break') {
      isFirst = token.text !== '>';
      continue;
    }
    const { text, isBare } = token;
    if (isFirst && isBare) {
      if (dialect === 'csh') {
        if (/^(foreach|while|switch)$/.test(text)) depth += 1;
        if (/^(endif|end|endsw)$/.test(text)) depth -= 1;
      } else {
        if (opening.test(text) && text !== 'elif' && (text !== 'function' || dialect === 'fish')) depth += 1;
        if (/^(fi|done|esac)$/.test(text) || (dialect === 'fish' && text === 'end')) depth -= 1;
      }
    }
    if (isBare && dialect === 'csh' && text === 'then') depth += 1;
    if (isBare && dialect === 'sh' && text === '{') depth += 1;
    if (isBare && dialect === 'sh' && isFirst && text === '}') depth -= 1;
    isFirst = isFirst && isBare && leading.test(text);
  }
  return depth;
}
