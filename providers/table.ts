import type { ProviderName } from '../src/domain/guest.ts';
import { file } from './file.ts';
import { codeberg, forgejo, gitea } from './gitea.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { launchpad } from './launchpad.ts';
import type { Provider } from './provider.ts';
import { sourcehut } from './sourcehut.ts';
import { stdin } from './stdin.ts';
import { url } from './url.ts';

/** Every provider by its name, which is also its prefix in a reference. */
export const table: Readonly<Record<ProviderName, Provider>> = {
  github,
  gitlab,
  codeberg,
  forgejo,
  gitea,
  sourcehut,
  launchpad,
  url,
  file,
  stdin,
};
