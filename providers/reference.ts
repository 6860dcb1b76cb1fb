import { statSync } from 'node:fs';
import { usage } from '../src/domain/failure.ts';
import type { Reference } from '../src/domain/guest.ts';
import { quoted } from './account.ts';
import { isLoopback } from './host.ts';
import type { Env } from './provider.ts';
import { providerOf, table } from './table.ts';

/**
 * Reads a guest as the command line names one: `@octocat`, `gitlab:bob`, `github:ada@ghe.example.com`, `https://…`,
 * `-`, or the path of a key file. Sends no request; looks at the file system only to tell a file from a slip. A
 * reference's own `text` reads as the same reference. Throws a usage failure.
 */
export function parseReference(text: string, env: Env): Reference {
  if (text === '') usage('a guest is empty', 'name one as @octocat, gitlab:bob or a key file');
  if (text === '-') return parseForProvider('stdin', text, env);
  if (text.startsWith('@')) return parseForProvider('github', text.slice(1), env);
  if (/^https?:\/\//i.test(text)) return parseForProvider('url', text, env);
  const [, prefix, rest] = /^([a-z]+):(.*)$/s.exec(text) ?? [];
  const provider = prefix === undefined ? undefined : providerCalled(prefix);
  if (provider && rest !== undefined) return parseForProvider(provider, rest, env);
  if (text.startsWith('-')) usage(`${quoted(text)} is no guest`, 'a file of that name is ./-…');
  if (text.includes('/') || isFile(text)) return parseForProvider('file', text, env);
  if (prefix !== undefined)
    return usage(`no provider is called ${quoted(prefix)}`, `there are ${[...table.keys()].join(', ')}`);
  return usage(
    `${quoted(text)} is no guest and no file`,
    /^[\w.-]+$/.test(text)
      ? `@${text} for a GitHub user, ./${text} for a file`
      : '@octocat for a GitHub user, ./octocat for a file',
  );
}

/** Reads a guest as one provider's own option names one (`--gitlab bob`). Throws a usage failure. */
export function parseForProvider(provider: string, user: string, env: Env): Reference {
  const { name, host, forge, text: own } = providerOf(provider).parse(user, env);
  const spell = (at: string | undefined) => own ?? `${provider}:${name}${at === undefined ? '' : `@${at}`}`;
  // A forge that the environment puts on loopback stands in for the real one, including its pins.
  const standsIn = host === undefined && forge !== undefined && isLoopback(forge.replace(/:\d+$/, ''));
  const [text, pinnedAs] = [spell(host), spell(standsIn ? undefined : forge)];
  return {
    provider,
    name,
    ...(host === undefined ? {} : { host }),
    text,
    ...(pinnedAs === text ? {} : { pinnedAs }),
    ...(host === undefined && forge !== undefined ? { from: forge } : {}),
  };
}

function providerCalled(prefix: string): string | undefined {
  return [...table].find(([name, { aliases }]) => name === prefix || aliases.includes(prefix))?.[0];
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
}
