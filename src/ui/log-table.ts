import { printable } from '../domain/text.ts';
import type { LogLine } from '../journal/log-line.ts';
import { date } from './clock.ts';
import { endsInLog } from './end-words.ts';

/** The output of `log`, for people: one line each, in the reader's own zone. */
export function logTable(lines: readonly LogLine[]): string {
  if (lines.length === 0) return 'nothing has been recorded';
  return lines
    .map((line) => printable(`${date(new Date(line.at))}  ${line.pairing}  ${describeLine(line)}`, 1000))
    .join('\n');
}

/** By their names in the log, which another version may have written. */
const reasons: Readonly<Record<string, string>> = endsInLog;

function describeLine(line: LogLine): string {
  switch (line.event) {
    case 'started':
      return `started: session ${line.session}, until ${date(new Date(line.deadline))}`;
    case 'invited':
      return `${who(line)} is invited, ${mayDo(line.access)}: ${[line.fingerprints].flat().join(', ')}`;
    case 'joined':
    case 'left':
      return `${who(line)} has ${line.event}: ${line.address}, ${mayDo(line.access)}, ${line.fingerprint}`;
    case 'refused':
      return `${who(line)} was refused: ${line.address}, ${line.why}`;
    case 'login-ended':
      return `${who(line)} ${line.why === 'unregistered' ? 'logged in but did not reach the session: ended' : 'logged in too often: ended'}: ${line.address}, ${line.fingerprint}`;
    case 'login-refused':
      return `a login was refused: ${line.address}, ${line.why}`;
    case 'kicked':
      return `${who(line)} was put out`;
    case 'access':
      return `${who(line)}: ${mayDo(line.access)} from now on`;
    case 'extended':
      return `extended until ${date(new Date(line.deadline))}`;
    case 'ended':
      return `ended: ${[reasons[line.reason] ?? line.reason, line.signal, line.failure, neverIn(line.neverIn), omitted(line.omitted)].filter(Boolean).join(', ')}`;
    case 'swept':
      return 'taken back: tmuxpair had died';
    default:
      return (line as { event: string }).event; // From a later version.
  }
}

function who({ guest, reference }: { guest: string; reference: string }): string {
  return reference ? `${guest} (${reference})` : guest;
}

function mayDo(access: string): string {
  return access === 'read-only' ? 'view only' : 'may type';
}

function neverIn(guests: readonly string[] | undefined): string {
  const names = [guests ?? []].flat();
  return names.length === 0 ? '' : `${names.join(', ')} logged in but did not reach the session`;
}

function omitted(count: number | undefined): string {
  return count === undefined ? '' : `${count} comings and goings not recorded`;
}
