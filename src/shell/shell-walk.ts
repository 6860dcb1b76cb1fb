/** The commands of a start-up file, each with who comes to it: those at a prompt do not count. */
import { type Dialect, lex, logicalLines, type Word } from './shell-lines.ts';

/**
 * Whether somebody comes to a command who is not at a prompt: never, under some condition, if a file is there, past what
 * keeps people at a prompt out, always. In this order, so that the least of some is that of all of them together.
 */
export const reaches = { never: 0, atTimes: 1, byFile: 2, others: 3, always: 4 } as const;
export type Reach = (typeof reaches)[keyof typeof reaches];
const { never, atTimes, byFile, others, always } = reaches;

export interface SimpleCommand {
  /** Without quotes. What is only known when it runs is in them as it is written. */
  readonly words: readonly string[];
  readonly reach: Reach;
  /** Whether it reads what another command prints. */
  readonly isFed: boolean;
  /** Whether the shell itself runs it, as it reads: not in a function, a subshell or a pipeline. */
  readonly isOwn: boolean;
  /** What is assigned before it, or without a command. */
  readonly assigned: readonly string[];
  /** From 1: where its line begins. */
  readonly line: number;
}

/** Whether a text tells people at a prompt from others, as in `[[ $- == *i* ]]`; or that it was not started by sshd. */
const isInteractive =
  /\$-\S*\s*(==?|=~)\s*["']?\*?i|-o\s+["']?interactive|-n\s+["']?\$\{?PS1|status\s+(--)?(is-interactive|-i\b)|\(\s*\$\?prompt(?!\s*(?:==\s*0|!=\s*1))|\[\s+["']?\$\{?PS1\}?["']?\s+\]|-z\s+["']?\$\{?SSH2?_(CLIENT|CONNECTION)/;
const isNotInteractive =
  /\$-\S*\s*!=\s*["']?\*?i|-z\s+["']?\$\{?PS1|!\s*\$\?prompt|\$\?prompt\s*(?:==\s*0|!=\s*1)/;
const isBySshd = /-n\s+["']?\$\{?SSH2?_(CLIENT|CONNECTION)/;
/** What joins tests: of a guard with such a part it is not known whom it is for. */
const [and, or] = [/&&|\s-a\s/, /\|\||\s-o\s+(?!["']?interactive)/];
/** A test that is met again whenever it was. */
const isFileTest = /^(\[\[?|test)\s+-[defrsx]\s/;

const least = (...all: readonly Reach[]): Reach => Math.min(...all) as Reach;
/** Who comes to what follows if it fails. */
function not(truth: Reach): Reach {
  if (truth === never) return others;
  return truth >= others ? never : truth;
}

/** For whom a condition is met. */
function truthOf(text: string): Reach {
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

interface Block {
  readonly kind: 'if' | 'loop' | 'case' | 'function' | 'group' | 'subshell';
  /** Of the block itself; of what runs in it here; of an `else`. */
  readonly outside: Reach;
  inside: Reach;
  rest: Reach;
  /** What comes first: a condition, the word of a `case`, a pattern; and which loop it is. */
  phase: 'condition' | 'word' | 'pattern' | 'body';
  word: string;
  /** Of `case $-`: whether a branch was for a prompt. Of zsh's `if [[ … ]] { … }`: whether it may be over. */
  mark: boolean;
}

/** @param start who comes to the first command */
export function walk(text: string, dialect: Dialect, start: Reach = always, isPart = false): SimpleCommand[] {
  const found: SimpleCommand[] = [];
  const blocks: Block[] = [];
  /** Of all that follows: a `return` before it may have left it out. */
  let file: Reach = start;
  let isOver = false;
  /** Of the list of commands so far, and how the next is joined to it. */
  let truth: Reach | undefined;
  let joined: '&&' | '||' | undefined;
  let isNegated = false;
  /** In fish, an `and` may still follow. */
  let isOpen = false;
  let words: Word[] = [];
  let isFunction = false;
  let isFed = false;
  let line = 1;

  const reach = (): Reach => {
    const inside = least(file, blocks.at(-1)?.inside ?? always);
    if (joined === undefined || truth === undefined) return inside;
    return least(inside, joined === '&&' ? truth : not(truth));
  };
  const reset = (): void => {
    [truth, joined, isNegated, isOpen] = [undefined, undefined, false, false];
  };
  const open = (kind: Block['kind'], inside: Reach, phase: Block['phase'] = 'body', word = ''): void => {
    const outside = reach();
    blocks.push({ kind, outside, inside: least(inside, outside), rest: outside, phase, word, mark: false });
    reset();
  };
  const close = (...kinds: readonly Block['kind'][]): void => {
    const at = blocks.findLastIndex(({ kind }) => kinds.includes(kind));
    if (at === -1) return;
    blocks.length = at;
    reset();
    truth = atTimes;
  };
  const body = (block: Block, met: Reach): void => {
    block.inside = least(block.rest, block.kind === 'loop' && met !== never ? least(met, atTimes) : met);
    block.rest = least(block.rest, not(met));
    block.phase = 'body';
    reset();
  };
  const otherwise = (block: Block | undefined, phase: 'condition' | 'body'): void => {
    if (block?.kind !== 'if') return;
    block.inside = block.rest;
    block.phase = phase;
    block.mark = false;
    reset();
  };
  /** What runs in words, before the command does. */
  const inner = (all: readonly Word[], by: Reach): void => {
    for (const code of all.flatMap((word) => word.inner))
      found.push(...walk(code, dialect, by, true).map((one) => ({ ...one, line, isOwn: false })));
  };
  const settle = (met: Reach): void => {
    const own = isNegated ? not(met) : met;
    if (truth === undefined || joined === undefined) truth = own;
    else if (joined === '&&') truth = least(truth, own);
    else if (truth === never) truth = own;
    else if (own !== never) truth = truth >= others || own >= others ? others : least(truth, own);
    [joined, isNegated] = [undefined, false];
  };
  const end = (isPiped = false): void => {
    const all = words;
    words = [];
    if (all.length === 0) return;
    const by = reach();
    const count = dialect === 'csh' ? 0 : all.findIndex(({ text }) => !/^\w+(\[[^\]]*\])?\+?=/.test(text));
    const assigned = count === -1 ? all : all.slice(0, count);
    const command = count === -1 ? [] : all.slice(count);
    inner(all, by);
    const told = command.map((word) => word.text);
    const name = told[0] ?? '';
    const isOwn = !blocks.some(({ kind }) => kind === 'function' || kind === 'subshell');
    found.push({
      words: told,
      reach: by,
      isFed,
      isOwn: isOwn && !isFed && !isPiped,
      assigned: assigned.map(({ text: of }) => of),
      line,
    });
    isFed = isPiped;
    if (isPiped) return;
    const leaves = /^(return|exit)$/.test(name);
    if (leaves && by > never && isOwn) {
      if (by >= others) isOver = true;
      else file = least(file, atTimes);
    }
    const isTest = /^(\[\[?|test|status)$/.test(name);
    settle(isTest ? truthOf(command[0]?.condition ?? told.join(' ')) : atTimes);
    isFunction = false;
  };
  /** The end of a line, or a semicolon. */
  const finish = (): void => {
    end();
    if (joined !== undefined) return; // What it joins is on the next line.
    if (dialect === 'fish') isOpen = true;
    else if (blocks.at(-1)?.phase === 'condition') [joined, isNegated] = [undefined, false];
    else reset();
  };

  /** Before the first word of a command, which tells whether what was open goes on. */
  const begin = (word: string): void => {
    const top = blocks.at(-1);
    if (top?.kind === 'if' && top.mark && !/^(else|elif|\})$/.test(word)) close('if');
    if (isOpen && !/^(and|or)$/.test(word)) {
      if (top?.phase === 'condition') body(top, truth ?? atTimes);
      else reset();
    }
    isOpen = false;
  };
  /** @returns how many words of the grammar begin here */
  const keyword = (rest: readonly Word[]): number => {
    const [first, second, third] = rest;
    const word = first?.isBare ? first.text : '';
    const top = blocks.at(-1);
    if (dialect === 'csh') return cshKeyword(word, second, third);
    switch (word) {
      case 'if':
        open('if', always, 'condition');
        return 1;
      case 'while':
      case 'until':
        open('loop', always, 'condition', word);
        return 1;
      case 'then':
        if (top?.kind === 'if') body(top, truth ?? atTimes);
        return 1;
      case 'elif':
        otherwise(top, 'condition');
        return 1;
      case 'else': {
        const isElif = dialect === 'fish' && second?.isBare === true && second.text === 'if';
        otherwise(top, isElif ? 'condition' : 'body');
        return isElif ? 2 : 1;
      }
      case 'do':
        if (top?.kind === 'loop' && top.phase === 'condition')
          body(top, top.word === 'until' ? not(truth ?? atTimes) : (truth ?? atTimes));
        return 1;
      case 'fi':
        close('if');
        return 1;
      case 'done':
        close('loop');
        return 1;
      case 'esac':
        close('case');
        return 1;
      case '{':
        open(isFunction ? 'function' : 'group', isFunction ? atTimes : always);
        isFunction = false;
        return 1;
      case '}':
        if (top?.kind === 'if' && top.word === '{') top.mark = true;
        else {
          close('group', 'function');
          const under = blocks.at(-1);
          if (under?.kind === 'if' && under.word === '{') under.mark = true;
        }
        return 1;
      case '!':
        isNegated = !isNegated;
        return 1;
      case 'time':
        return 1;
      default:
        return dialect === 'fish' ? fishKeyword(word, rest) : 0;
    }
  };
  const fishKeyword = (word: string, rest: readonly Word[]): number => {
    switch (word) {
      case 'and':
      case 'or':
        joined = word === 'and' ? '&&' : '||';
        return 1;
      case 'not':
        isNegated = !isNegated;
        return 1;
      case 'begin':
        open('group', always);
        return 1;
      case 'function':
        open('function', atTimes);
        return rest.length;
      case 'end':
        close('if', 'loop', 'case', 'function', 'group');
        return 1;
      default:
        return 0;
    }
  };
  const cshKeyword = (word: string, second: Word | undefined, third: Word | undefined): number => {
    const top = blocks.at(-1);
    const condition = (of: Word | undefined): Reach => truthOf(of?.text ?? '');
    switch (word) {
      case 'if':
        if (third?.text === 'then') {
          open('if', always, 'condition');
          const block = blocks.at(-1);
          if (block) body(block, condition(second));
          return 3;
        }
        [truth, joined] = [least(truth ?? always, condition(second)), '&&'];
        return 2;
      case 'else': {
        const isElif = second?.text === 'if';
        otherwise(top, 'body');
        return 1 + (isElif && third ? elseIf(top, third) : 0);
      }
      case 'endif':
        close('if');
        return 1;
      case 'while':
        open('loop', atTimes);
        return 2;
      case 'end':
        close('loop');
        return 1;
      case 'endsw':
        close('case');
        return 1;
      case 'then':
      case 'breaksw':
      case 'default:':
        return 1;
      default:
        return 0;
    }
  };
  const elseIf = (block: Block | undefined, condition: Word): number => {
    if (block) body(block, truthOf(condition.text));
    return 2;
  };

  /** What begins a loop, a `case` or a function. @returns how many words that is, of those up to the end of the command */
  const header = (rest: readonly Word[]): number => {
    const [first, second] = rest;
    const name = first?.isBare ? first.text : '';
    const until = (text: string): number => {
      const at = rest.findIndex((one) => one.isBare && one.text === text);
      return at === -1 ? rest.length : at;
    };
    switch (name) {
      case 'for':
      case 'foreach':
      case 'select':
        inner(rest, reach());
        found.push({
          words: rest.map(({ text: of }) => of),
          reach: reach(),
          isFed: false,
          isOwn: true,
          assigned: [],
          line,
        });
        open('loop', name === 'select' ? atTimes : byFile);
        return until('do');
      case 'case':
      case 'switch':
        inner(rest, reach());
        if (dialect !== 'sh' && name === 'case') return rest.length; // One of its branches.
        open('case', atTimes, dialect === 'sh' ? 'pattern' : 'body');
        if (/^\$(-|\{-\})$/.test(second?.text ?? '')) {
          const block = blocks.at(-1);
          if (block) [block.mark, block.rest] = [true, never];
        }
        return Math.min(rest.length, until('in') + 1);
      case 'function':
        if (dialect !== 'sh') return 0;
        isFunction = true;
        return until('{');
      default:
        return 0;
    }
  };

  for (const { number, text: whole } of isPart ? [{ number: 1, text }] : logicalLines(text, dialect)) {
    if (isOver) break;
    line = number;
    const { tokens } = lex(whole, dialect);
    /** Words up to the end of the command that are none of it. */
    let skips: 'none' | 'file' = 'none';
    for (let n = 0; n < tokens.length && !isOver; n++) {
      const token = tokens[n];
      if (!token) break;
      const top = blocks.at(-1);
      if (token.kind === 'word') {
        if (skips === 'file') {
          inner([token], reach());
          skips = 'none';
        } else if (words.length > 0) {
          // As zsh has it: if [[ … ]] { … }
          if (
            token.isBare &&
            token.text === '{' &&
            /^(\[\[|\(\()/.test(words[0]?.text ?? '') &&
            top?.kind === 'if'
          ) {
            end();
            body(top, truth ?? atTimes);
            top.word = '{';
          } else words.push(token);
        } else if (top?.kind === 'case' && top.phase === 'pattern' && dialect === 'sh') {
          if (token.isBare && token.text === 'esac') close('case');
          else top.word += ` ${token.text}`;
        } else {
          const rest: Word[] = [];
          for (const next of tokens.slice(n)) {
            if (next.kind !== 'word') break;
            rest.push(next);
          }
          begin(token.isBare ? token.text : '');
          const past = header(rest);
          if (past > 0) {
            n += past - 1;
            continue;
          }
          const count = keyword(rest);
          if (count > 0) n += count - 1;
          else words.push(token);
        }
      } else if (token.text === '>') skips = 'file';
      else if (token.text === '(') {
        const after = tokens[n + 1];
        if (top?.kind === 'case' && top.phase === 'pattern') continue;
        if ((words.length <= 1 || isFunction) && after?.kind === 'break' && after.text === ')') {
          [words, isFunction] = [[], true];
          n += 1;
        } else {
          end();
          open('subshell', isFunction ? atTimes : always);
          isFunction = false;
        }
      } else if (token.text === ')') {
        if (top?.kind === 'case' && top.phase === 'pattern') {
          const isPrompt = top.mark && /^ \*i\*$/.test(top.word);
          if (isPrompt) top.rest = others;
          const isRest = top.mark && top.rest === others && /^ \*$/.test(top.word);
          top.inside = least(top.outside, isPrompt ? never : isRest ? others : atTimes);
          [top.phase, top.word] = ['body', ''];
          reset();
        } else {
          end();
          close('subshell');
        }
      } else if (token.text.startsWith(';;') || token.text === ';&') {
        end();
        reset();
        const at = blocks.findLastIndex(({ kind }) => kind === 'case');
        if (at !== -1) blocks.length = at + 1;
        const block = blocks.at(-1);
        if (block?.kind === 'case') [block.phase, block.word] = ['pattern', ''];
      } else if (token.text === '&&' || token.text === '||') {
        end();
        joined = token.text;
      } else if (token.text.startsWith('|')) {
        if (top?.kind === 'case' && top.phase === 'pattern') top.word += ' |';
        else end(true);
      } else finish();
    }
    if (!isOver) finish();
  }
  // What was not understood may have kept a block open for too long.
  if (!isOver && blocks.length > 0)
    return found.map((one) => ({ ...one, reach: Math.max(one.reach, least(start, atTimes)) as Reach }));
  return found;
}
