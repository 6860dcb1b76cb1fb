import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Token } from './environment.ts';
import type { Env } from './provider.ts';

const timeLimitMs = 2000;

/**
 * The token that GitHub's own command line, `gh`, keeps for a host; `undefined` if there is no `gh` on the PATH, no
 * token, or no answer within 2 s.
 * @param host as `gh` calls it: `github.com` or `company.ghe.com`
 */
export async function ghToken(host: string, env: Env, signal: AbortSignal): Promise<Token | undefined> {
  const gh = await onPath('gh', env);
  if (gh === undefined) return undefined;
  const { execa } = await import('execa');
  const { failed, stdout } = await execa(gh, ['auth', 'token', '--hostname', host], {
    env: { ...env, GH_PROMPT_DISABLED: '1' },
    extendEnv: false,
    stdin: 'ignore',
    stderr: 'ignore',
    timeout: timeLimitMs,
    killSignal: 'SIGKILL',
    cancelSignal: signal,
    maxBuffer: 4096,
    reject: false,
  });
  signal.throwIfAborted();
  const value = stdout.trim();
  return !failed && /^[\x21-\x7e]{1,512}$/.test(value) ? { value, from: 'gh auth token' } : undefined;
}

async function onPath(program: string, env: Env): Promise<string | undefined> {
  for (const directory of (env.PATH ?? '').split(delimiter)) {
    if (!isAbsolute(directory)) continue;
    const path = join(directory, program);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}
