import { file } from './file.ts';
import { codeberg, forgejo, gitea } from './gitea.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { launchpad } from './launchpad.ts';
import type { Provider } from './provider.ts';
import { sourcehut } from './sourcehut.ts';
import { stdin } from './stdin.ts';
import { url } from './url.ts';

/**
 * Every provider by its name, which is also its prefix in a reference and, for a forge, its option. Everything that the
 * rest of the program knows of providers is derived from here.
 */
export const table: ReadonlyMap<string, Provider> = new Map<string, Provider>(
  Object.entries({ github, gitlab, codeberg, forgejo, gitea, sourcehut, launchpad, url, file, stdin }),
);

/** @param name from a reference, which only parsers make */
export function providerOf(name: string): Provider {
  const provider = table.get(name);
  if (!provider) throw new Error(`no provider is called ${name}`);
  return provider;
}
