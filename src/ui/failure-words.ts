/** What a failure says, and the exit code that goes with it. */
import { printable } from '../domain/text.ts';

/** What a failure is to its reader: one line, a hint if there is one, and the program's exit code. */
export interface Words {
  readonly error: string;
  readonly hint?: string;
  readonly exit: number;
}

export function words(exit: number, error: string, hint?: string): Words {
  return {
    exit,
    error: printable(error, 1000),
    ...(hint === undefined ? {} : { hint: printable(hint, 1000) }),
  };
}
