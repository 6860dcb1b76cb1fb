import { type FetchContext, type Fetched, fetchKeys, parseReference } from '../../../providers/index.ts';
import { type Failure, Refusal } from '../../../src/domain/failure.ts';
import type { Forge, ForgeKind } from './start.ts';

/** One provider as the contract suite drives it, against a stand-in of its forge. */
export interface Subject {
  readonly name: string;
  readonly kind: ForgeKind;
  readonly reference: (forge: Forge) => string;
  readonly env: (forge: Forge) => Readonly<Record<string, string>>;
  /** Whether lists come in pages. */
  readonly paged: boolean;
  /** The variable that a failure names where no token was sent. */
  readonly variable?: string;
  /** The variable whose token `env` has in it, where it has one. */
  readonly authorized?: string;
  /** Whether answers carry a validator on; a team's do not, being many. */
  readonly validates: boolean;
  /** A variable and its token that belong to this host, and the header it is sent in. */
  readonly token?: { readonly variable: string; readonly header: string; readonly sent: string };
}

export const token = 'tok_0123456789';
const bearer = { header: 'authorization', sent: `Bearer ${token}` };

/** A forge of text pages, at its own host or where a variable says. */
function text(name: string, kind: ForgeKind, reference: Subject['reference'], variable?: string): Subject {
  const env = (forge: Forge) => (variable === undefined ? {} : { [variable]: forge.url });
  return { name, kind, reference, env, paged: false, validates: true };
}

export const subjects: readonly Subject[] = [
  {
    name: 'github, GITHUB_API_URL',
    kind: 'github',
    reference: () => '@ada',
    env: (forge) => ({ GITHUB_API_URL: forge.url }),
    paged: true,
    validates: true,
    variable: 'GH_TOKEN',
    token: { variable: 'GITHUB_TOKEN', ...bearer },
  },
  {
    name: 'github on its own host',
    kind: 'github',
    reference: (forge) => `github:ada@${forge.host}`,
    env: () => ({}),
    paged: true,
    validates: true,
    variable: 'GH_ENTERPRISE_TOKEN',
    token: { variable: 'GITHUB_ENTERPRISE_TOKEN', ...bearer },
  },
  {
    name: 'gitlab, GITLAB_URL',
    kind: 'gitlab',
    reference: () => 'gitlab:ada',
    env: (forge) => ({ GITLAB_URL: `${forge.url}/git/` }),
    paged: true,
    validates: true,
    variable: 'GITLAB_TOKEN',
    token: { variable: 'GITLAB_TOKEN', header: 'private-token', sent: token },
  },
  {
    name: 'gitlab on its own host',
    kind: 'gitlab',
    reference: (forge) => `gitlab:ada@${forge.host}`,
    env: () => ({}),
    paged: true,
    validates: true,
  },
  {
    name: 'github team',
    kind: 'github',
    reference: () => '@org/core',
    env: (forge) => ({ GITHUB_API_URL: forge.url, GH_TOKEN: token }),
    paged: true,
    validates: false,
    authorized: 'GH_TOKEN',
  },
  text('codeberg', 'gitea', () => 'codeberg:ada', 'CODEBERG_URL'),
  text('gitea', 'gitea', (forge) => `gitea:ada@${forge.host}`),
  text('forgejo', 'gitea', (forge) => `forgejo:ada@${forge.host}`),
  text('sourcehut', 'sourcehut', () => 'srht:~ada', 'SOURCEHUT_URL'),
  text('launchpad', 'launchpad', () => 'lp:ada', 'LAUNCHPAD_URL'),
  text('url', 'page', (forge) => `${forge.url}/keys/ada`),
];

export type Outcome = Fetched | Failure;

/** What a fetch comes to, its failure as data. Anything thrown that is no `Refusal` is thrown on. */
export async function outcomeOf(text: string, context: Partial<FetchContext>): Promise<Outcome> {
  const env = context.env ?? {};
  const signal = context.signal ?? new AbortController().signal;
  try {
    return await fetchKeys(parseReference(text, env), { ...context, env, signal });
  } catch (error) {
    if (error instanceof Refusal) return error.failure;
    throw error;
  }
}
