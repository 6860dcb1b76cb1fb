import { jsonLine } from '../domain/text.ts';
import { linesSince } from '../journal/log.ts';
import { logTable } from '../ui/log-table.ts';
import type { Terminal } from '../ui/terminal.ts';

export interface LogIntent {
  readonly since?: Date;
  /** The beginning of a pairing's id. */
  readonly id?: string;
  readonly json: boolean;
}

/** Prints who was in, when and from where. @returns the exit code; @throws Refusal `log-refused` */
export async function logCommand({ since, id = '', json }: LogIntent, terminal: Terminal): Promise<number> {
  const lines = linesSince(process.env, since).filter(({ pairing }) => pairing.startsWith(id));
  if (json) for (const line of lines) terminal.data(jsonLine(line));
  else terminal.data(logTable(lines));
  return 0;
}
