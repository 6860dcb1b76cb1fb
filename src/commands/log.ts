import { parseSince } from '../domain/since.ts';
import { jsonLine } from '../domain/text.ts';
import { linesSince } from '../journal/log.ts';
import { addCommon, type Common, type Describe } from '../options/command.ts';
import { logTable } from '../ui/log-table.ts';
import type { Terminal } from '../ui/terminal.ts';

interface LogOptions extends Common {
  readonly since?: string;
  readonly id?: string;
}

export const log: Describe = (program, { run }) => {
  addCommon(program.command('log').description('who was in, when, and from where'))
    .option('--since <when>', 'from 2d ago, or from 2026-05-01')
    .option('--id <id>', 'of one pairing')
    .option('--json', 'as JSON, a line each')
    .action((options: LogOptions) =>
      run(options, (terminal) => {
        const { since, id, json } = options;
        const from = since === undefined ? {} : { since: parseSince(since, new Date()) };
        return logCommand({ json: json === true, ...from, ...(id === undefined ? {} : { id }) }, terminal);
      }),
    );
};

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
