/** Where the reading of a start-up file is: in which blocks, and in which list of commands. */
import { least, not, type Reach, reaches } from './reach.ts';

const { never, atTimes, others, always } = reaches;

export interface Block {
  readonly kind: 'if' | 'loop' | 'case' | 'function' | 'group' | 'subshell';
  /** The reach of the block itself; of what runs in it here; of an `else`. */
  readonly outside: Reach;
  inside: Reach;
  rest: Reach;
  /** What comes first: a condition, the word of a `case`, a pattern; and which kind of loop it is. */
  phase: 'condition' | 'word' | 'pattern' | 'body';
  word: string;
  /** For `case $-`: whether a branch was for a prompt. For zsh's `if [[ … ]] { … }`: whether it may be over. */
  mark: boolean;
}

export class Course {
  readonly blocks: Block[] = [];
  /** Who comes to everything that follows; an earlier `return` may have narrowed that. */
  file: Reach;
  /** Of the list of commands so far, and how the next one is joined to it. */
  truth: Reach | undefined;
  joined: '&&' | '||' | undefined;
  isNegated = false;
  /** In fish, an `and` may still follow. */
  isOpen = false;

  /** @param start who comes to the first command */
  constructor(start: Reach) {
    this.file = start;
  }

  get top(): Block | undefined {
    return this.blocks.at(-1);
  }

  /** Who comes to the next command. */
  reach(): Reach {
    const inside = least(this.file, this.top?.inside ?? always);
    if (this.joined === undefined || this.truth === undefined) return inside;
    return least(inside, this.joined === '&&' ? this.truth : not(this.truth));
  }

  /** The list of commands is over. */
  reset(): void {
    [this.truth, this.joined, this.isNegated, this.isOpen] = [undefined, undefined, false, false];
  }

  open(kind: Block['kind'], inside: Reach, phase: Block['phase'] = 'body', word = ''): void {
    const outside = this.reach();
    this.blocks.push({
      kind,
      outside,
      inside: least(inside, outside),
      rest: outside,
      phase,
      word,
      mark: false,
    });
    this.reset();
  }

  close(...kinds: readonly Block['kind'][]): void {
    const at = this.blocks.findLastIndex(({ kind }) => kinds.includes(kind));
    if (at === -1) return;
    this.blocks.length = at;
    this.reset();
    this.truth = atTimes;
  }

  /** The condition is over, and was met for `met`. */
  body(block: Block, met: Reach): void {
    block.inside = least(block.rest, block.kind === 'loop' && met !== never ? least(met, atTimes) : met);
    block.rest = least(block.rest, not(met));
    block.phase = 'body';
    this.reset();
  }

  otherwise(block: Block | undefined, phase: 'condition' | 'body'): void {
    if (block?.kind !== 'if') return;
    block.inside = block.rest;
    block.phase = phase;
    block.mark = false;
    this.reset();
  }

  /** A command is over, and succeeded for `met`. */
  settle(met: Reach): void {
    const { truth } = this;
    const own = this.isNegated ? not(met) : met;
    if (truth === undefined || this.joined === undefined) this.truth = own;
    else if (this.joined === '&&') this.truth = least(truth, own);
    else if (truth === never) this.truth = own;
    else if (own !== never) this.truth = truth >= others || own >= others ? others : least(truth, own);
    [this.joined, this.isNegated] = [undefined, false];
  }
}
