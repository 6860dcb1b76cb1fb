/** What a login shell does with guests, in words. */
import { homedir } from 'node:os';
import { basename } from 'node:path';
import type { ShellBlock } from '../domain/shell-block.ts';
import { printable } from '../domain/text.ts';

/** What guests would do; {@link blockWords} follows it. */
export function blockEffect({ outcome }: ShellBlock): string {
  if (outcome === 'obeys') return 'could run commands before they reach the session';
  if (outcome === 'may-obey') return 'might run commands before they reach the session';
  return outcome === 'may-divert' || outcome === 'may-end'
    ? 'might not reach the session'
    : 'would not reach the session';
}

/** What keeps them from the gate, without saying so. */
export function blockWords({ shell, outcome, files }: ShellBlock): string {
  const login = `your login shell ${printable(shell)}`;
  const read = files.length === 0 ? '' : ` (${files.map(shortPath).join(', ')})`;
  switch (outcome) {
    case 'missing':
      return `${login} does not exist`;
    case 'not-executable':
      return `${login} can't be run`;
    case 'refuses':
      return `${login} lets nobody in`;
    case 'ended':
      return `${login}${read} ends before it runs what sshd tells it to`;
    case 'terminal':
      return `${login}${read} gives their terminal to another program first`;
    case 'late':
      return `${login}${read} does not run what sshd tells it to in time`;
    case 'may-divert':
      return `${files.some(isOfSshd) ? 'sshd' : login} has a command that may give their terminal to another program${read}`;
    case 'may-end':
      return `${login} may end before it runs what sshd tells it to${read}`;
    case 'may-obey':
      return `${files.some(isOfSshd) ? 'sshd' : login} may run as a command what a guest's ssh sets${read}`;
    case 'obeys':
      return `${login}${read} runs as a command what a guest's ssh sets: TERM, LANG or the like, tested without quotes`;
    default:
      return outcome satisfies never;
  }
}

/** The fix, in one line. @param door whether a private sshd may help */
export function blockHint({ shell, outcome, files, guard }: ShellBlock, door: boolean): string {
  const otherwise = door ? 'pass --door private, or ' : '';
  if (outcome === 'missing' || outcome === 'not-executable' || outcome === 'refuses')
    return 'chsh gives the account another login shell';
  if (restricted.test(basename(shell)))
    return `chsh gives the account another login shell: ${printable(basename(shell))} does not run what sshd tells it to, whichever sshd that is`;
  if (files.length === 0 || guard === undefined)
    return `${otherwise}see what it runs at its start if SSH_CONNECTION is set`;
  return `${otherwise}put this line before the one that does so in ${files.map(shortPath).join(' or ')}: ${guard}`;
}

/** Shells that run certain programs and nothing else, whatever their start-up files say. */
const restricted = /^(rbash|rzsh|rksh(93)?|git-shell|lshell|rssh|scponlyc?)$/;

/** Whether a start-up file is sshd's, and not the login shell's. */
export function isOfSshd(path: string): boolean {
  return path.startsWith('/etc/ssh/');
}

/** A path as people write it. */
export function shortPath(path: string): string {
  const home = `${homedir()}/`;
  return printable(path.startsWith(home) ? `~/${path.slice(home.length)}` : path);
}
