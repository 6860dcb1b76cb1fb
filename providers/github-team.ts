import { Refusal, type RefusedKey, refuse, usage } from '../src/domain/failure.ts';
import type { Reference } from '../src/domain/guest.ts';
import type { PublicKey } from '../src/domain/public-key.ts';
import { quoted } from './account.ts';
import { listKeys } from './github-keys.ts';
import { visit } from './http.ts';
import { textIn } from './json.ts';
import { defaultLimits } from './limits.ts';
import { linkedTo } from './linked.ts';
import { withOctokit } from './octokit.ts';
import { type OfferedKeys, parseOfferedKeys, usable } from './offered-keys.ts';
import type { FetchContext, Fetched } from './provider.ts';
import { at, badAnswer, type Site } from './site.ts';
import { slotsPerHost } from './slots.ts';

/** Any of these lets a classic token see a team's members; the first is the least. */
const scopes = ['read:org', 'write:org', 'admin:org'] as const;

/** Checks the second half of `org/team`, a team's slug, and returns it in lower case. Throws a usage failure. */
export function teamName(text: string): string {
  if (!/^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9_])?$/.test(text))
    usage(`${quoted(text)} is no team's name`, "write it as the team's address has it: @org/team-name");
  return text.toLowerCase();
}

/**
 * The keys of all members of `org/team`, as those of one guest. Needs a token. Members without keys add none; any
 * other failure to read a member's keys is the team's failure.
 */
export async function fetchTeam(site: Site, reference: Reference, context: FetchContext): Promise<Fetched> {
  const { token, tokenVariable } = site;
  if (!token)
    refuse({
      kind: 'forge-token-needed',
      ...at(site),
      scope: scopes[0],
      ...(tokenVariable === undefined ? {} : { tokenVariable }),
    });
  const slots = context.slots ?? slotsPerHost(context.limits?.perHost ?? defaultLimits.perHost);
  const { validator: _, ...shared } = { ...context, slots };
  const members = await membersOf({ ...site, scopes }, reference.name, shared);
  const each = await together(members, shared, (member, scope) => keysOfMember(site, member, scope));
  return usable(reference, union(each));
}

/** `GET /orgs/{org}/teams/{team_slug}/members`, every page: the logins. */
function membersOf(site: Site, name: string, context: FetchContext): Promise<readonly string[]> {
  const [org = '', team_slug = ''] = name.split('/');
  return visit(site, context, async (get, { pages, members: most }) => {
    const listed = await withOctokit(site, get, undefined, async (octokit) => {
      const logins: string[] = [];
      let page = 0;
      const route = octokit.rest.teams.listMembersInOrg;
      for await (const { data } of octokit.paginate.iterator(route, { org, team_slug, per_page: 100 })) {
        if (++page > pages) badAnswer(site, `more than ${pages} pages`);
        for (const entry of data) logins.push(textIn(site, { ...entry }, 'login'));
        if (logins.length > most) badAnswer(site, `more than ${most} members`);
      }
      return logins;
    });
    if (!Array.isArray(listed) || !listed.every((login) => /^[A-Za-z0-9_-]{1,39}$/.test(login)))
      badAnswer(site, 'a member whose name is no username');
    return listed;
  });
}

async function keysOfMember(site: Site, member: string, context: FetchContext): Promise<OfferedKeys> {
  try {
    const listed = await listKeys(site, member, context);
    const { keys, refused } = parseOfferedKeys(listed.kind === 'listed' ? listed.offered : []);
    return { keys, refused: refused.map((each) => ({ ...each, member })) };
  } catch (error) {
    // A member who left GitHub between the two requests.
    if (error instanceof Refusal && error.failure.kind === 'guest-unknown') return { keys: [], refused: [] };
    throw error;
  }
}

/** Runs `job` for all at once. The first failure stops the others, and is thrown once all have ended. */
async function together<T, R>(
  all: readonly T[],
  context: FetchContext,
  job: (one: T, context: FetchContext) => Promise<R>,
): Promise<R[]> {
  const { stop, release } = linkedTo(context.signal);
  try {
    const settled = await Promise.allSettled(
      all.map((one) =>
        job(one, { ...context, signal: stop.signal }).catch((error: unknown) => {
          stop.abort(error);
          throw error;
        }),
      ),
    );
    stop.signal.throwIfAborted();
    return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  } finally {
    release();
  }
}

function union(each: readonly OfferedKeys[]): OfferedKeys {
  const keys = new Map<string, PublicKey>();
  const refused: RefusedKey[] = [];
  for (const one of each) {
    for (const key of one.keys) keys.set(key.base64, key);
    refused.push(...one.refused);
  }
  return { keys: [...keys.values()], refused };
}
