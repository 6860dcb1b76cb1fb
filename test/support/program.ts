import { type Program, testRun } from './run.ts';

/**
 * The program under test: `node dist/main.js` from a copy that any account can read, or of the executable
 * that TMUXPAIR_BIN names.
 * @throws Error where there is none to test
 */
export function program(): Program {
  const { program } = testRun();
  if ('missing' in program) throw new Error(`no program to test: ${program.missing}`);
  return program;
}
