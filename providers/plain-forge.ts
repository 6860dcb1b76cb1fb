import { usage } from '../src/domain/failure.ts';
import { quoted, splitHost, type UsernameRule, username } from './account.ts';
import { addressOf, baseUrl } from './environment.ts';
import { originOf } from './host.ts';
import type { Env, Provider } from './provider.ts';
import { fetchTextList } from './text-list.ts';

export interface PlainForge {
  readonly title: string;
  readonly aliases?: readonly string[];
  readonly username: UsernameRule;
  /** Whether people write `~user`. */
  readonly tilde?: boolean;
  /** Its address, and the variable that overrides it; without it every reference names its host. */
  readonly home?: { readonly address: string; readonly variable: string };
  /** The path of a user's keys. The name passed in has been checked and is percent-encoded. */
  readonly path: (name: string) => string;
}

/** A forge that gives a user's keys to anyone as text, one per line. */
export function plainForge(forge: PlainForge): Provider {
  const { home } = forge;
  const homeIn = (env: Env) => home && baseUrl(env, home.variable, home.address);
  return {
    title: forge.title,
    aliases: forge.aliases ?? [],
    parse(text, env) {
      const { user, host } = splitHost(forge.tilde ? text.replace(/^~/, '') : text);
      const name = username(user, forge.username);
      const base = homeIn(env);
      if (!base)
        return host === undefined
          ? usage(`${quoted(text)} names no host`, `write it as ${name}@git.example.com`)
          : { name, host, forge: host };
      if (host !== undefined && originOf(host) !== base.origin)
        usage(
          `${quoted(text)} names a host, and there is only one`,
          `forgejo:${name}@${host} or gitea:${name}@${host} for a forge of one's own`,
        );
      return base.origin === home?.address ? { name } : { name, forge: base.host };
    },
    async fetch(reference, context) {
      const base = homeIn(context.env) ?? new URL(originOf(reference.host ?? ''));
      const url = new URL(addressOf(base) + forge.path(encodeURIComponent(reference.name)));
      return fetchTextList(reference, context, base, url);
    },
  };
}
