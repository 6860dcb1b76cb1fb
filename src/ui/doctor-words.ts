/** What the doctor has found, in words. */

import type { Check, Finding, Machine } from '../doctor/finding.ts';
import { jsonLine, printable } from '../domain/text.ts';
import { doubtWords } from './door-words.ts';
import { fixFor } from './fixes.ts';
import { causeOf } from './keyring-words.ts';
import { obstacleWords } from './obstacle-words.ts';
import { blockEffect, blockWords } from './shell-words.ts';
import { describeFailure } from './words.ts';

/** A check in one line, and the command that fixes it in another. */
export function checkLines({ level, finding }: Check, machine: Machine): string {
  const line = `${level.padEnd(4)}  ${findingWords(finding)}`;
  const mend = level === 'ok' ? undefined : fixFor(finding, machine);
  return mend === undefined ? line : `${line}\n      mend: ${printable(mend, 1000)}`;
}

/** All of it, for a program to read. */
export function doctorJson(checks: readonly Check[], canGetIn: boolean, machine: Machine): string {
  return jsonLine({
    ok: canGetIn,
    checks: checks.map(({ level, finding }) => ({
      check: finding.kind,
      level,
      message: findingWords(finding),
      ...(level === 'ok' ? {} : { mend: fixFor(finding, machine) }),
    })),
  });
}

function findingWords(finding: Finding): string {
  switch (finding.kind) {
    case 'tmux':
      return `tmux ${printable(finding.version)}, ${printable(finding.path)}`;
    case 'ssh':
      return `ssh ${printable(finding.version)}`;
    case 'sshd':
      return `sshd ${finding.version}, ${printable(finding.path)}`;
    case 'program':
    case 'run-directory-refused':
      return describeFailure(finding.failure).error;
    case 'sshd-answers':
      return finding.asked
        ? `an sshd answers on port ${finding.port}, configured by ${printable(finding.configFile)}`
        : `an sshd answers on port ${finding.port}; how it is configured can't be read`;
    case 'sshd-silent':
      return `no sshd answers on port ${finding.port}`;
    case 'doubt':
      return `port ${finding.port}: ${doubtWords(finding.doubt)}`;
    case 'obstacle':
      return `this machine's sshd: ${obstacleWords(finding.obstacle)}`;
    case 'terminals':
      return 'an sshd of your own can make terminals';
    case 'no-terminals':
      return 'an sshd of your own can make no terminals: /dev/pts is not mounted for the group tty';
    case 'shell':
      return `login shell ${printable(finding.path)}${finding.trouble ? `: ${shellTrouble(finding.trouble)}` : ''}`;
    case 'gate-not-reached':
      return `guests of this machine's sshd ${blockEffect(finding.block)}: ${blockWords(finding.block)}`;
    case 'run-directory':
      return `run directory ${printable(finding.path)}`;
    case 'keychain':
      return finding.trouble
        ? `keys of guests are not remembered in the keychain: ${causeOf(finding.trouble)}`
        : 'the keychain remembers keys of guests';
    case 'forge':
      return finding.failure ? describeFailure(finding.failure).error : `${printable(finding.name)} answers`;
    case 'login':
      return `a guest got in through ${finding.door === 'system' ? "this machine's sshd" : 'an sshd of our own'} on port ${finding.port}, in ${(finding.milliseconds / 1000).toFixed(1)} s`;
    case 'no-login':
      return noLogin(finding);
    default:
      return finding satisfies never;
  }
}

function noLogin({ failure, said, log }: Finding & { kind: 'no-login' }): string {
  if (failure) return `a guest can't be let in: ${describeFailure(failure).error}`;
  const last = log.filter((line) => !/^(Connection|Attempt to write)/.test(line)).at(-1);
  const sshd = last === undefined ? '' : `; sshd says: ${printable(last)}`;
  return `a guest could not get in: ${printable(said) || 'ssh went without a word'}${sshd}`;
}

function shellTrouble(trouble: NonNullable<(Finding & { kind: 'shell' })['trouble']>): string {
  switch (trouble) {
    case 'missing':
      return 'does not exist';
    case 'not-executable':
      return "can't be run";
    case 'refuses':
      return 'lets nobody in';
    default:
      return trouble satisfies never;
  }
}
