import type { ProviderName } from '../src/domain/guest.ts';
import { file } from './file.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import type { Provider } from './provider.ts';

/** Every provider by its name, which is also its prefix in a reference. */
export const table: Readonly<Partial<Record<ProviderName, Provider>>> = {
  github,
  gitlab,
  file,
};
