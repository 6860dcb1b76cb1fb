import type { UsernameRule } from './account.ts';
import { plainForge } from './plain-forge.ts';

const rule: UsernameRule = {
  what: 'Gitea or Forgejo username',
  pattern: /^(?!.*\.(?:keys|gpg|rss|atom|png)$)[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/,
  longest: 40,
  allowed: 'letters and digits, with single - _ . between them, at most 40, not digits alone',
};
/** Their JSON needs a token; this page does not. */
const path = (name: string) => `/${name}.keys`;

export const gitea = plainForge({ title: 'Gitea (user@host)', username: rule, path });
export const forgejo = plainForge({ title: 'Forgejo (user@host)', username: rule, path });
export const codeberg = plainForge({
  title: 'Codeberg',
  username: rule,
  path,
  home: { address: 'https://codeberg.org', variable: 'CODEBERG_URL' },
});
