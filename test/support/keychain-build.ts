import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ok } from '../../src/keyring/pin-store.ts';
import { type KeychainProcess, type StartKeychain, spawnKeychain } from '../../src/keyring/start-keychain.ts';

const root = new URL('../..', import.meta.url).pathname;

export interface KeychainBuild extends Disposable {
  readonly file: string;
  readonly start: StartKeychain;
  /** Every process that `start` started. */
  readonly started: KeychainProcess[];
}

/** Builds the keychain process as the package does. `folder` is where keytar is looked for from: the project's own. */
export async function buildKeychain(folder?: string): Promise<KeychainBuild> {
  mkdirSync(join(root, '.vitest'), { recursive: true });
  const out = mkdtempSync(join(folder ?? join(root, '.vitest'), 'keychain-'));
  const file = join(out, 'keychain.mjs');
  await build({
    entryPoints: [join(root, 'src/keyring/keychain-main.ts')],
    outfile: file,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['keytar'],
  });
  const started: KeychainProcess[] = [];
  return {
    file,
    started,
    start(env) {
      const child = spawnKeychain(process.execPath, [file], env);
      started.push(child);
      return ok(child);
    },
    [Symbol.dispose]: () => rmSync(out, { recursive: true, force: true }),
  };
}
