import { type Answering, type Script, textReply } from './reply.ts';

/** A forge that gives a user's keys as text, one a line, at the path that `pattern` captures the user from. */
function plain(pattern: RegExp, comment: string): Answering {
  return (seen, script) => {
    const [, user] = pattern.exec(seen.path) ?? [];
    const keys = user === undefined ? undefined : script.users[decodeURIComponent(user)];
    return keys ? textReply(200, lines(keys, comment)) : textReply(404, 'Not found.\n');
  };
}

function lines(keys: Script['users'][string], comment: string): string {
  return keys.map(({ key }) => `${key}${comment}\n`).join('');
}

/** `/<user>.keys`: Gitea, Forgejo and Codeberg. */
export const gitea = plain(/^\/([^/]+)\.keys$/, '');
/** `/~<user>.keys`. */
export const sourcehut = plain(/^\/~([^/]+)\.keys$/, ' laptop');
/** `/~<user>/+sshkeys`. */
export const launchpad = plain(/^\/~([^/]+)\/\+sshkeys$/, ' ada@laptop');
/** Any page with keys: `/keys/<user>`. */
export const page = plain(/^\/keys\/([^/]+)$/, ' from a page');
