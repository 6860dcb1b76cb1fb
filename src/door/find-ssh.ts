import { refuse } from '../domain/failure.ts';
import { installHint } from '../system/installer.ts';
import { pathFolders, which } from '../system/which.ts';

/** The absolute path of the user's own ssh. @throws Refusal `program-missing` */
export function findSsh(env: NodeJS.ProcessEnv): string {
  const found = which('ssh', pathFolders(env.PATH));
  if (found !== undefined) return found;
  const hint = installHint('ssh', 'install the OpenSSH client');
  return refuse({ kind: 'program-missing', program: 'ssh', hint });
}
