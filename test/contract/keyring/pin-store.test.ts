import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Pin } from '../../../src/domain/pin.ts';
import { fileStore } from '../../../src/keyring/file-store.ts';
import { connectKeychain, type KeychainClient } from '../../../src/keyring/keychain-client.ts';
import { openKeychain } from '../../../src/keyring/keychain-store.ts';
import { memoryStore } from '../../../src/keyring/memory-store.ts';
import { pinOf } from '../../../src/keyring/pin.ts';
import type { PinStore, Result } from '../../../src/keyring/pin-store.ts';
import { stateFolder } from '../../../src/keyring/state-folder.ts';
import { buildKeychain, type KeychainBuild } from '../../support/keychain-build.ts';
import { keyOf } from '../../support/keys.ts';
import { type SessionBus, startSessionBus } from '../../support/secret-service.ts';

interface Rig {
  /** A new view of the same place, as another program has it. */
  readonly open: () => Promise<PinStore>;
  readonly end: () => Promise<void>;
}

const now = new Date('2026-11-22T12:00:00.000Z');

function pin(reference: string, ...seeds: [string, ...string[]]): Pin {
  const [first, ...rest] = seeds;
  return pinOf(undefined, {
    reference,
    keys: [keyOf(first), ...rest.map(keyOf)],
    now,
    paired: true,
    validator: 'W/"abc"',
  });
}

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.trouble));
  return result.value;
}

function contract(name: string, rigOf: () => Promise<Rig>): void {
  describe(name, () => {
    let rig: Rig;
    beforeAll(async () => {
      rig = await rigOf();
    });
    afterEach(async () => {
      const store = await rig.open();
      await store.remove(value(await store.references()));
    });
    afterAll(async () => rig.end());

    test('what was never written is absent, and nobody is listed', async () => {
      const store = await rig.open();
      expect(value(await store.read(['github:ada'])).get('github:ada')).toEqual({ kind: 'absent' });
      expect(value(await store.references())).toEqual([]);
    });

    test('a pin comes back as it was, to every later program', async () => {
      const written = pin('github:octocat', 'a', 'b');
      value(await (await rig.open()).write([written]));
      const later = await rig.open();
      expect(value(await later.read(['github:octocat'])).get('github:octocat')).toEqual({
        kind: 'pin',
        pin: written,
      });
      expect(value(await later.references())).toEqual(['github:octocat']);
    });

    test('every reference asked for is answered, and each pin is its own', async () => {
      const store = await rig.open();
      value(await store.write([pin('github:ada', 'a'), pin('gitlab:ada@git.example.com:8443', 'b')]));
      const reads = value(await store.read(['gitlab:ada@git.example.com:8443', 'github:bob', 'github:ada']));
      expect([...reads.values()].map((read) => read.kind)).toEqual(['pin', 'absent', 'pin']);
    });

    test('writing again replaces', async () => {
      const store = await rig.open();
      value(await store.write([pin('github:ada', 'a')]));
      value(await store.write([pin('github:ada', 'b')]));
      const read = value(await store.read(['github:ada'])).get('github:ada');
      expect(read).toEqual({ kind: 'pin', pin: pin('github:ada', 'b') });
      expect(value(await store.references())).toEqual(['github:ada']);
    });

    test('what is removed is gone, what was not there is not said to be', async () => {
      const store = await rig.open();
      value(await store.write([pin('github:ada', 'a'), pin('github:bob', 'b')]));
      expect(value(await store.remove(['github:ada', 'github:eve']))).toEqual(['github:ada']);
      const reads = value(await (await rig.open()).read(['github:ada', 'github:bob']));
      expect([...reads.values()].map((read) => read.kind)).toEqual(['absent', 'pin']);
      expect(value(await store.references())).toEqual(['github:bob']);
    });

    test('references are told apart by case, length and odd characters', async () => {
      const references = [
        'github:Ada',
        'github:ada',
        'url:https://keys.example.com/a b?q=%2f&x=é',
        `file:/home/${'x'.repeat(3000)}.pub`,
        'file:../../etc/passwd',
      ];
      const store = await rig.open();
      value(await store.write(references.map((reference) => pin(reference, reference))));
      const reads = value(await store.read(references));
      for (const reference of references) {
        expect(reads.get(reference)).toEqual({ kind: 'pin', pin: pin(reference, reference) });
      }
      expect(value(await store.references())).toEqual([...references].sort());
    });

    test('ten programs that write at once lose no pin', async () => {
      const references = Array.from({ length: 10 }, (_, n) => `github:guest-${n}`);
      const stores = await Promise.all(references.map(() => rig.open()));
      await Promise.all(
        stores.map(async (store, n) => value(await store.write([pin(`github:guest-${n}`, `${n}`)]))),
      );
      const reads = value(await (await rig.open()).read(references));
      expect([...reads.values()].map((read) => read.kind)).toEqual(references.map(() => 'pin'));
    });

    test('a pin of a hundred keys fits', async () => {
      const [first = '', ...rest] = Array.from({ length: 100 }, (_, n) => `key ${n}`);
      const store = await rig.open();
      value(await store.write([pin('github:org/team', first, ...rest)]));
      const read = value(await store.read(['github:org/team'])).get('github:org/team');
      expect(read?.kind === 'pin' && read.pin.keys.length).toBe(100);
    });
  });
}

contract('memory', async () => {
  const store = memoryStore();
  return { open: async () => store, end: async () => undefined };
});

contract('files', async () => {
  const home = mkdtempSync(join(tmpdir(), 'pins-'));
  return {
    open: async () => fileStore(stateFolder({ HOME: home }, 'pins')),
    end: async () => rmSync(home, { recursive: true }),
  };
});

contract('keychain', async () => {
  const bus: SessionBus = await startSessionBus();
  const build: KeychainBuild = await buildKeychain();
  const clients: KeychainClient[] = [];
  await bus.keyring('unlocked');
  return {
    async open() {
      const child = value(build.start(bus.env));
      const client = connectKeychain(child, 20_000);
      clients.push(client);
      return value(await openKeychain(client)).store;
    },
    async end() {
      for (const client of clients) client.kill();
      build[Symbol.dispose]();
      await bus[Symbol.asyncDispose]();
    },
  };
});
