import { inject } from 'vitest';

/** How the program is started: a file and the arguments that stand before the program's own. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/** What global-setup.ts made for this run of the tests. */
export interface TestRun {
  /** Process id of the runner; marks the accounts of this run. */
  readonly pid: number;
  /** A folder that any account can enter, removed with all in it after the last test. */
  readonly folder: string;
  /** Node, where any account can run it. */
  readonly node: string;
  /** The built program, or why there is none. */
  readonly program: Program | { readonly missing: string };
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly testRun: TestRun;
  }
}

/** The run that the calling test belongs to. */
export function testRun(): TestRun {
  return inject('testRun');
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}
