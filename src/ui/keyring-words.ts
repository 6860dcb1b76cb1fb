import type { KeyringWarning, RecordProblem, Trouble } from '../domain/keyring-warning.ts';
import { printable } from '../domain/text.ts';

/** What the keyring reports, one line each: what is wrong and, if there is a fix, a hint. */
export function keyringWords(warning: KeyringWarning): string[] {
  switch (warning.kind) {
    case 'keychain-unusable': {
      const { trouble, path, unchecked } = warning;
      const unknown =
        unchecked.length > 0 ? `; ${names(unchecked)} could not be compared with the keys seen before` : '';
      return [
        `warning: the keychain can't be used (${causeOf(trouble)}): keys are remembered in ${path}${unknown}`,
        ...hinted(mendOf(trouble)),
      ];
    }
    case 'pins-lost':
      return ['warning: the keychain is empty, though keys had been remembered there: known guests look new'];
    case 'pins-missing':
      return [`warning: the keychain no longer has what was remembered of ${names(warning.references)}`];
    case 'pin-unreadable':
      return [
        `warning: what is remembered of ${printable(warning.reference)} can't be read (${problem(warning.problem)}): they look new`,
        `hint: tmuxpair forget ${printable(warning.reference)}`,
      ];
    case 'index-unreadable':
      return [`warning: the keychain's list of guests can't be read (${problem(warning.problem)})`];
    case 'pins-moved': {
      const moved = `${warning.moved} remembered ${warning.moved === 1 ? 'guest has' : 'guests have'} moved from files into the keychain`;
      const rest =
        warning.conflicting.length > 0
          ? `; of ${names(warning.conflicting)} it had other keys, which stand`
          : '';
      return [`${moved}${rest}`];
    }
    case 'state-refused':
      return [
        `warning: nothing is remembered in this run: ${causeOf(warning.trouble)}`,
        ...hinted(mendOf(warning.trouble)),
      ];
    case 'not-remembered':
      return [
        `warning: the keys of ${names(warning.references)} were not remembered: ${causeOf(warning.trouble)}`,
      ];
    case 'not-forgotten':
      return notForgotten(warning);
    default:
      return warning satisfies never;
  }
}

function notForgotten({ references, trouble }: KeyringWarning & { kind: 'not-forgotten' }): string[] {
  if ('path' in trouble) return [`warning: ${names(references)} could not be forgotten: ${causeOf(trouble)}`];
  return [
    `warning: the keychain can't be used (${causeOf(trouble)}): what it remembers of ${names(references)} stays`,
    ...hinted(mendOf(trouble)),
  ];
}

function hinted(hint: string | undefined): string[] {
  return hint === undefined ? [] : [`hint: ${hint}`];
}

/** Why something of the keyring can't be used. */
export function causeOf(trouble: Trouble): string {
  switch (trouble.cause) {
    case 'no-bus':
      return 'there is no D-Bus session';
    case 'not-installed':
      return 'its binding is not installed';
    case 'not-loadable':
      return `its binding does not load: ${printable(trouble.detail)}`;
    case 'locked':
      return 'it is locked';
    case 'refused':
      return `it says: ${printable(trouble.detail)}`;
    case 'no-answer':
      return `it did not answer within ${trouble.milliseconds / 1000} s`;
    case 'crashed':
      return `it crashed: ${printable(trouble.how)}`;
    case 'symlink':
      return `${trouble.path} is a symbolic link`;
    case 'not-a-folder':
      return `${trouble.path} is not a folder`;
    case 'not-a-file':
      return `${trouble.path} is not a plain file`;
    case 'other-owner':
      return `${trouble.path} belongs to somebody else`;
    case 'writable-by-others':
      return `${trouble.path} can be written by others`;
    case 'io':
      return `${trouble.path}: ${trouble.code}`;
    default:
      return trouble satisfies never;
  }
}

/** What to do about it. */
export function mendOf(trouble: Trouble): string | undefined {
  switch (trouble.cause) {
    case 'not-installed':
      return 'files do as well; to have it, install tmuxpair without --omit=optional';
    case 'not-loadable':
      return trouble.hint ?? 'files do as well';
    case 'no-bus':
    case 'refused':
      return 'files do as well; in a desktop session, a Secret Service such as gnome-keyring takes them over';
    case 'locked':
      return 'unlock it, and this goes away';
    case 'no-answer':
      return 'if it has asked you to unlock it, do that before the next time';
    case 'other-owner':
    case 'writable-by-others':
      return trouble.hint ?? 'set XDG_STATE_HOME to a folder of yours, below folders of yours or of root';
    default:
      return undefined;
  }
}

function problem(what: RecordProblem): string {
  return what.replaceAll('-', ' ');
}

function names(references: readonly string[]): string {
  return references.map((reference) => printable(reference)).join(', ');
}
