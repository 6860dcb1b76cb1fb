import { usage } from '../domain/failure.ts';
import type { Describe } from '../options/command.ts';
import { specOf } from '../options/completion-spec.ts';
import { completionScript, type Shell, shells } from '../ui/completion/completion.ts';

export const completion: Describe = (program, { run }) => {
  program
    .command('completion <bash|zsh|fish>')
    .description('a script that has your shell complete commands, options and guests')
    .helpOption('-h, --help', 'print this help')
    .action((named: string) =>
      run({}, async (terminal) => {
        terminal.data(completionScript(parseShell(named), specOf(program)));
        return 0;
      }),
    );
};

export function parseShell(text: string): Shell {
  const shell = shells.find((one) => one === text);
  return (
    shell ?? usage(`there is no completion for ${JSON.stringify(text.slice(0, 80))}`, 'say bash, zsh or fish')
  );
}
