/** A forge that tmuxpair does not have: one file, written by the steps of providers/README.md. */
import { splitHost, username } from '../../../providers/account.ts';
import { addressOf, baseUrl, tokenFrom } from '../../../providers/environment.ts';
import { visit } from '../../../providers/http.ts';
import { json, objectsIn, textIn } from '../../../providers/json.ts';
import { parseOfferedKeys, usable } from '../../../providers/offered-keys.ts';
import type { Env, Provider } from '../../../providers/provider.ts';
import type { Site } from '../../../providers/site.ts';
import { usage } from '../../../src/domain/failure.ts';

const tokenVariable = 'ANOTHER_TOKEN';
const rule = { what: 'Another username', pattern: /^[a-z]+$/i, longest: 20, allowed: 'letters' };

export const another: Provider = {
  title: 'Another Forge',
  aliases: ['an'],
  tokens: [tokenVariable],
  parse(text, env) {
    const { user, host } = splitHost(text);
    if (host !== undefined) usage('there is but one of it');
    const name = username(user, rule);
    const base = homeOf(env);
    return base.origin === own ? { name } : { name, forge: base.host };
  },
  fetch(reference, context) {
    const token = tokenFrom(context.env, tokenVariable);
    const site: Site = {
      reference: reference.text,
      base: homeOf(context.env),
      tokenVariable,
      ...(token ? { token: { ...token, header: 'authorization' } } : {}),
    };
    return visit(site, context, async (get) => {
      const url = new URL(`${addressOf(site.base)}/people/${encodeURIComponent(reference.name)}/keys`);
      const answer = await get({ ...json, url, validator: context.validator });
      if (answer.kind === 'not-modified') return answer;
      const offered = objectsIn(site, answer).map((entry) => ({ text: textIn(site, entry, 'key') }));
      return usable(reference, parseOfferedKeys(offered), answer.headers.get('etag'));
    });
  },
};

const own = 'https://another.example';

function homeOf(env: Env): URL {
  return baseUrl(env, 'ANOTHER_URL', own);
}
