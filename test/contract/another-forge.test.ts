/** Another forge is one file and one entry in the table of providers: all else of it is derived. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { fetchKeys, parseReference, tokenVariables } from '../../providers/index.ts';
import { main } from '../../src/cli/cli.ts';
import { keygen } from '../support/keys/keygen.ts';

vi.mock('../../providers/table.ts', async (original) => {
  const { table, ...others } = await original<typeof import('../../providers/table.ts')>();
  const { another } = await import('../support/forge/another.ts');
  (table as Map<string, typeof another>).set('another', another);
  return { ...others, table };
});

const key = keygen('ed25519').publicLine;
const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(`${request.url} ${request.headers.authorization}`);
  response.setHeader('content-type', 'application/json').end(JSON.stringify([{ key }]));
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => server.close());

async function printed(...argv: string[]): Promise<string> {
  let out = '';
  const write = (text: string | Uint8Array): boolean => {
    out += text;
    return true;
  };
  const spies = [process.stdout, process.stderr].map((one) =>
    vi.spyOn(one, 'write').mockImplementation(write),
  );
  await main(argv, ['tmuxpair']);
  for (const spy of spies) spy.mockRestore();
  return out;
}

test('its keys come by its own rules, with its token', async () => {
  const env = {
    ANOTHER_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ANOTHER_TOKEN: 'tok_1',
  };
  const reference = parseReference('an:Ada', env);
  expect(reference.text).toBe('another:ada');
  const fetched = await fetchKeys(reference, { env, signal: new AbortController().signal });
  expect(fetched).toMatchObject({ kind: 'keys', keys: [{ type: 'ssh-ed25519' }] });
  expect(asked).toEqual(['/people/ada/keys Bearer tok_1']);
  expect(tokenVariables).toContain('ANOTHER_TOKEN');
});

test('it has an option in every command that takes guests, in help, in completion and in the environment', async () => {
  const described = /--another <user>\s+a guest by their\s+Another Forge\s+name;\s+repeatable/;
  for (const command of [[], ['keys'], ['forget'], ['invite']])
    expect(await printed(...command, '-h')).toMatch(described);
  expect(await printed('completion', 'bash')).toContain('--another');
  expect(await printed('--another', 'no-such_name', './x.pub')).toContain(
    '"no-such_name" is no Another username',
  );
  vi.stubEnv('TMUXPAIR_ANOTHER', 'no-such_name');
  expect(await printed('--session', 'a')).toContain('"no-such_name" is no Another username');
  vi.unstubAllEnvs();
  expect(await printed('anothr:ada')).toMatch(/no provider is called "anothr".*another/s);
});
