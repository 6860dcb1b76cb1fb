import { createHash } from 'node:crypto';
import type { PublicKey } from './public-key.ts';

/**
 * Who is meant, before anything is known of them. `text` is the one spelling in which a guest is shown, e.g.
 * `github:octocat`, `gitlab:ada@git.example.com`, `file:/home/me/partner.pub`. Only the providers' parsers make it.
 */
export interface Reference {
  /** Its name in the table of providers. */
  readonly provider: string;
  /** The username, `org/team`, the URL or the absolute path, as the provider checked it. */
  readonly name: string;
  /** A self-hosted forge's host, with its port if one was given; absent for the provider's own. */
  readonly host?: string;
  readonly text: string;
  /**
   * The name under which the guest is remembered, if that is not `text`. It depends on nothing but who is meant, and so
   * also names a forge that only the environment chose.
   */
  readonly pinnedAs?: string;
  /** The host that is asked, if the environment has chosen another than the provider's own. */
  readonly from?: string;
}

/** The name under which a guest is remembered: `github:octocat` of one forge is not that of another. */
export function pinName({ pinnedAs, text }: Reference): string {
  return pinnedAs ?? text;
}

/** What a guest is called within one pairing: `[A-Za-z0-9_-]{1,64}`, unique there. */
export type Label = string & { readonly __brand: 'Label' };

export type Access = 'read-write' | 'read-only';

export type NonEmpty<T> = readonly [T, ...T[]];

export interface Guest {
  readonly reference: Reference;
  readonly label: Label;
  readonly access: Access;
  readonly keys: NonEmpty<PublicKey>;
}

export function isNonEmpty<T>(list: readonly T[]): list is NonEmpty<T> {
  return list.length > 0;
}

export function isLabel(text: string): text is Label {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}

/**
 * Names every reference, in order and without repeats: the plain name first (`ada`), then with its provider
 * (`ada-gitlab`), then numbered. `taken` are labels already in use. Ignores case, since labels also name files.
 */
export function labelsFor(references: readonly Reference[], taken: readonly Label[] = []): Label[] {
  const used = new Set(taken.map((label) => label.toLowerCase()));
  return references.map((reference) => {
    const plain = plainName(reference);
    for (let n = 0; ; n++) {
      const label = [plain, cut(`${plain}-${reference.provider}`)][n] ?? cut(plain, `-${n}`);
      if (!isLabel(label) || used.has(label.toLowerCase())) continue;
      used.add(label.toLowerCase());
      return label;
    }
  });
}

function plainName(reference: Reference): string {
  const last = reference.name.split('/').at(-1) ?? '';
  const words = last.replace(/\.(pub|keys)$/, '').replace(/[^A-Za-z0-9_-]+/g, '-');
  const name = words.replace(/^-+|-+$/g, '');
  return name === ''
    ? `guest-${createHash('sha256').update(reference.text).digest('hex').slice(0, 6)}`
    : cut(name);
}

function cut(text: string, suffix = ''): string {
  return text.slice(0, 64 - suffix.length) + suffix;
}
