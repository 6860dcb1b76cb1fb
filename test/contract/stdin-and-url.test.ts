import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { parseReference } from '../../providers/index.ts';
import { outcomeOf } from '../support/forge/subjects.ts';
import { keygen } from '../support/keys/keygen.ts';
import { ed25519Line } from '../support/keys/wire.ts';

describe('-, standard input', () => {
  const run = (...chunks: readonly (string | Buffer)[]) =>
    outcomeOf('-', { stdin: () => Readable.from(chunks) });

  test('keys in chunks that end anywhere', async () => {
    const [ada, bob] = [ed25519Line('é'), ed25519Line()];
    const bytes = Buffer.from(`# two\r\n${ada}\r\n${bob}`);
    const chunks = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
    const outcome = await run(...chunks);
    expect(outcome).toMatchObject({ kind: 'keys', keys: [{}, {}], refused: [] });
  });

  test.each([
    ['nothing', '', []],
    ['a private key', keygen('ed25519').privateText, [{ line: 1, refusal: { reason: 'private-key' } }]],
  ])('%s', async (_, text, refused) => {
    expect(await run(text)).toEqual({ kind: 'no-keys', reference: '-', refused });
  });

  test('no end of it', async () => {
    const endless = Readable.from(
      (function* () {
        for (;;) yield '#'.repeat(10_000);
      })(),
    );
    expect(await outcomeOf('-', { stdin: () => endless })).toEqual({
      kind: 'file-unreadable',
      path: '-',
      code: 'too-large',
    });
    expect(endless.destroyed).toBe(true);
  });

  test('an abort while nobody types', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const pending = outcomeOf('-', { stdin: () => new Readable({ read() {} }), signal: stop.signal });
    stop.abort(reason);
    await expect(pending).rejects.toBe(reason);
  });
});

describe('an address', () => {
  test.each([
    ['https://Example.com/ada.keys#x', 'https://example.com/ada.keys'],
    ['https://example.com/a/../b?c=d', 'https://example.com/b?c=d'],
    ['http://127.0.0.1:8080/keys', 'http://127.0.0.1:8080/keys'],
    ['https://bücher.example/keys', 'https://xn--bcher-kva.example/keys'],
  ])('%s', (text, href) => {
    expect(parseReference(text, {})).toEqual({ provider: 'url', name: href, text: href });
  });

  test.each([
    'http://example.com/keys',
    'https://',
    'https://u:p@example.com/',
    'https://a b/',
    'https://x/\n',
    'http://127.0.0.1.evil/',
    `https://x/${'y'.repeat(2048)}`,
    'url:ftp://x/',
    'url:file:///etc/passwd',
  ])('%j is a usage failure', async (text) => {
    expect(await outcomeOf(text, {})).toMatchObject({ kind: 'usage' });
  });

  test('a certificate that nobody vouches for', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tmuxpair-tls-'));
    const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
    const made = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      '/CN=localhost',
    ];
    execFileSync('openssl', ['req', '-x509', ...made, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    let asked = 0;
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, () => asked++);
    rmSync(directory, { recursive: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const host = `localhost:${(server.address() as AddressInfo).port}`;
    const outcome = await outcomeOf(`https://${host}/ada.keys`, {});
    server.close();
    expect(outcome).toMatchObject({ kind: 'forge-unreachable', host, cause: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(asked).toBe(0);
  });
});
