import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Fault } from '../support/forge/faults.ts';
import { type Forge, startForge } from '../support/forge/start.ts';
import { outcomeOf } from '../support/forge/subjects.ts';
import { ed25519Line } from '../support/keys/wire.ts';

/** Octokit binds the console when it is loaded, which is with the first fetch: the spies must be older. */
const console_ = (['log', 'warn', 'error', 'info', 'debug'] as const).map((name) => vi.spyOn(console, name));
const streams = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')];

let forge: Forge;
beforeAll(async () => {
  forge = await startForge({ kind: 'github', users: { ada: [{ key: ed25519Line() }] } });
});
afterAll(() => forge.close());

test('Octokit prints nothing, whatever the forge answers', async () => {
  for (const fault of [undefined, 'not-found', 'server-error', 'dropped', 'deprecated', 'html'] satisfies (
    | Fault
    | undefined
  )[]) {
    forge.fault = fault;
    await outcomeOf('@ada', { env: { GITHUB_API_URL: forge.url } });
  }
  for (const spy of [...console_, ...streams]) expect(spy).not.toHaveBeenCalled();
});
