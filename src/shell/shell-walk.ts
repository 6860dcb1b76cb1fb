/** The commands of a start-up file, each with who comes to it: people at a prompt do not count. */
import { type Block, Course } from './course.ts';
import { least, not, type Reach, reaches, truthOf } from './reach.ts';
import { type Dialect, lex, logicalLines, type Word } from './shell-lines.ts';

const { never, atTimes, byFile, others, always } = reaches;

export interface SimpleCommand {
  /** Without quotes. What is known only at run time is in them as it is written. */
  readonly words: readonly string[];
  readonly reach: Reach;
  /** Whether it reads what another command prints. */
  readonly isFed: boolean;
  /** Whether the shell itself runs it while it reads: not in a function, a subshell or a pipeline. */
  readonly isOwn: boolean;
  /** What is assigned in front of it, or without a command. */
  readonly assigned: readonly string[];
  /** Where its line begins, from 1. */
  readonly line: number;
}

/** @param start who comes to the first command */
export function walk(text: string, dialect: Dialect, start: Reach = always, isPart = false): SimpleCommand[] {
  const found: SimpleCommand[] = [];
  const course = new Course(start);
  const { blocks } = course;
  let isOver = false;
  let words: Word[] = [];
  let isFunction = false;
  let isFed = false;
  let line = 1;

  /** Code in words, which runs before the command does. */
  const inner = (all: readonly Word[], by: Reach): void => {
    for (const code of all.flatMap((word) => word.inner))
      found.push(...walk(code, dialect, by, true).map((one) => ({ ...one, line, isOwn: false })));
  };
  const end = (isPiped = false): void => {
    const all = words;
    words = [];
    if (all.length === 0) return;
    const by = course.reach();
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
      else course.file = least(course.file, atTimes);
    }
    const isTest = /^(\[\[?|test|status)$/.test(name);
    course.settle(isTest ? truthOf(command[0]?.condition ?? told.join(' ')) : atTimes);
    isFunction = false;
  };
  /** The end of a line, or a semicolon. */
  const finish = (): void => {
    end();
    if (course.joined !== undefined) return; // What it joins is on the next line.
    if (dialect === 'fish') course.isOpen = true;
    else if (course.top?.phase === 'condition') [course.joined, course.isNegated] = [undefined, false];
    else course.reset();
  };

  /** Called before the first word of a command, which tells whether an open block goes on. */
  const begin = (word: string): void => {
    const top = course.top;
    if (top?.kind === 'if' && top.mark && !/^(else|elif|\})$/.test(word)) course.close('if');
    if (course.isOpen && !/^(and|or)$/.test(word)) {
      if (top?.phase === 'condition') course.body(top, course.truth ?? atTimes);
      else course.reset();
    }
    course.isOpen = false;
  };
  /** @returns how many words here are keywords */
  const keyword = (rest: readonly Word[]): number => {
    const [first, second, third] = rest;
    const word = first?.isBare ? first.text : '';
    const top = course.top;
    if (dialect === 'csh') return cshKeyword(word, second, third);
    switch (word) {
      case 'if':
        course.open('if', always, 'condition');
        return 1;
      case 'while':
      case 'until':
        course.open('loop', always, 'condition', word);
        return 1;
      case 'then':
        if (top?.kind === 'if') course.body(top, course.truth ?? atTimes);
        return 1;
      case 'elif':
        course.otherwise(top, 'condition');
        return 1;
      case 'else': {
        const isElif = dialect === 'fish' && second?.isBare === true && second.text === 'if';
        course.otherwise(top, isElif ? 'condition' : 'body');
        return isElif ? 2 : 1;
      }
      case 'do':
        if (top?.kind === 'loop' && top.phase === 'condition')
          course.body(top, top.word === 'until' ? not(course.truth ?? atTimes) : (course.truth ?? atTimes));
        return 1;
      case 'fi':
        course.close('if');
        return 1;
      case 'done':
        course.close('loop');
        return 1;
      case 'esac':
        course.close('case');
        return 1;
      case '{':
        course.open(isFunction ? 'function' : 'group', isFunction ? atTimes : always);
        isFunction = false;
        return 1;
      case '}':
        if (top?.kind === 'if' && top.word === '{') top.mark = true;
        else {
          course.close('group', 'function');
          const under = course.top;
          if (under?.kind === 'if' && under.word === '{') under.mark = true;
        }
        return 1;
      case '!':
        course.isNegated = !course.isNegated;
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
        course.joined = word === 'and' ? '&&' : '||';
        return 1;
      case 'not':
        course.isNegated = !course.isNegated;
        return 1;
      case 'begin':
        course.open('group', always);
        return 1;
      case 'function':
        course.open('function', atTimes);
        return rest.length;
      case 'end':
        course.close('if', 'loop', 'case', 'function', 'group');
        return 1;
      default:
        return 0;
    }
  };
  const cshKeyword = (word: string, second: Word | undefined, third: Word | undefined): number => {
    const top = course.top;
    const condition = (of: Word | undefined): Reach => truthOf(of?.text ?? '');
    switch (word) {
      case 'if':
        if (third?.text === 'then') {
          course.open('if', always, 'condition');
          const block = course.top;
          if (block) course.body(block, condition(second));
          return 3;
        }
        [course.truth, course.joined] = [least(course.truth ?? always, condition(second)), '&&'];
        return 2;
      case 'else': {
        const isElif = second?.text === 'if';
        course.otherwise(top, 'body');
        return 1 + (isElif && third ? elseIf(top, third) : 0);
      }
      case 'endif':
        course.close('if');
        return 1;
      case 'while':
        course.open('loop', atTimes);
        return 2;
      case 'end':
        course.close('loop');
        return 1;
      case 'endsw':
        course.close('case');
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
    if (block) course.body(block, truthOf(condition.text));
    return 2;
  };

  /** Begins a loop, a `case` or a function. @returns how many words belong to that, up to the end of the command */
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
        inner(rest, course.reach());
        found.push({
          words: rest.map(({ text: of }) => of),
          reach: course.reach(),
          isFed: false,
          isOwn: true,
          assigned: [],
          line,
        });
        course.open('loop', name === 'select' ? atTimes : byFile);
        return until('do');
      case 'case':
      case 'switch':
        inner(rest, course.reach());
        if (dialect !== 'sh' && name === 'case') return rest.length; // One of its branches.
        course.open('case', atTimes, dialect === 'sh' ? 'pattern' : 'body');
        if (/^\$(-|\{-\})$/.test(second?.text ?? '')) {
          const block = course.top;
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
    /** Whether the next word names the file of a redirection, and is no part of the command. */
    let skips: 'none' | 'file' = 'none';
    for (let n = 0; n < tokens.length && !isOver; n++) {
      const token = tokens[n];
      if (!token) break;
      const top = course.top;
      if (token.kind === 'word') {
        if (skips === 'file') {
          inner([token], course.reach());
          skips = 'none';
        } else if (words.length > 0) {
          // As in zsh: if [[ … ]] { … }
          if (
            token.isBare &&
            token.text === '{' &&
            /^(\[\[|\(\()/.test(words[0]?.text ?? '') &&
            top?.kind === 'if'
          ) {
            end();
            course.body(top, course.truth ?? atTimes);
            top.word = '{';
          } else words.push(token);
        } else if (top?.kind === 'case' && top.phase === 'pattern' && dialect === 'sh') {
          if (token.isBare && token.text === 'esac') course.close('case');
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
          course.open('subshell', isFunction ? atTimes : always);
          isFunction = false;
        }
      } else if (token.text === ')') {
        if (top?.kind === 'case' && top.phase === 'pattern') {
          const isPrompt = top.mark && /^ \*i\*$/.test(top.word);
          if (isPrompt) top.rest = others;
          const isRest = top.mark && top.rest === others && /^ \*$/.test(top.word);
          top.inside = least(top.outside, isPrompt ? never : isRest ? others : atTimes);
          [top.phase, top.word] = ['body', ''];
          course.reset();
        } else {
          end();
          course.close('subshell');
        }
      } else if (token.text.startsWith(';;') || token.text === ';&') {
        end();
        course.reset();
        const at = blocks.findLastIndex(({ kind }) => kind === 'case');
        if (at !== -1) blocks.length = at + 1;
        const block = course.top;
        if (block?.kind === 'case') [block.phase, block.word] = ['pattern', ''];
      } else if (token.text === '&&' || token.text === '||') {
        end();
        course.joined = token.text;
      } else if (token.text.startsWith('|')) {
        if (top?.kind === 'case' && top.phase === 'pattern') top.word += ' |';
        else end(true);
      } else finish();
    }
    if (!isOver) finish();
  }
  // Something that was not understood may have kept a block open for too long.
  if (!isOver && blocks.length > 0)
    return found.map((one) => ({ ...one, reach: Math.max(one.reach, least(start, atTimes)) as Reach }));
  return found;
}
