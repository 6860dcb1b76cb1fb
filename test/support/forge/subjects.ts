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
  /** A variable and its token that belong to this host, and the header it is sent in. */
  readonly token?: { readonly variable: string; readonly header: string; readonly sent: string };
}

export const token = 'tok_0123456789';
const bearer = { header: 'authorization', sent: `Bearer ${token}` };

export const subjects: readonly Subject[] = [
  {
    name: 'github, GITHUB_API_URL',
    kind: 'github',
    reference: () => '@ada',
    env: (forge) => ({ GITHUB_API_URL: forge.url }),
    paged: true,
    variable: 'GH_ENTERPRISE_TOKEN',
    token: { variable: 'GH_ENTERPRISE_TOKEN', ...bearer },
  },
  {
    name: 'github on its own host',
    kind: 'github',
    reference: (forge) => `github:ada@${forge.host}`,
    env: () => ({}),
    paged: true,
    variable: 'GH_ENTERPRISE_TOKEN',
    token: { variable: 'GITHUB_ENTERPRISE_TOKEN', ...bearer },
  },
  {
    name: 'gitlab, GITLAB_URL',
    kind: 'gitlab',
    reference: () => 'gitlab:ada',
    env: (forge) => ({ GITLAB_URL: `${forge.url}/git/` }),
    paged: true,
    variable: 'GITLAB_TOKEN',
    token: { variable: 'GITLAB_TOKEN', header: 'private-token', sent: token },
  },
  {
    name: 'gitlab on its own host',
    kind: 'gitlab',
    reference: (forge) => `gitlab:ada@${forge.host}`,
    env: () => ({}),
    paged: true,
  },
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
