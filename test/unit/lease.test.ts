import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Guest, Label } from '../../src/domain/guest.ts';
import type { LeaseId } from '../../src/domain/lease-id.ts';
import { readDeadline, setDeadline } from '../../src/lease/deadline-file.ts';
import { openGate } from '../../src/lease/gate.ts';
import { grant, revoke } from '../../src/lease/grant.ts';
import { editKeyFile } from '../../src/lease/key-file.ts';
import {
  armClock,
  armLease,
  createLease,
  inOwnFile,
  type Lease,
  removeLease,
  sever,
} from '../../src/lease/lease.ts';
import { machineName, uptime } from '../../src/lease/process.ts';
import { leaseFolders, leasesWith, sweep, sweepLeases } from '../../src/lease/sweep.ts';
import { rejectionOf } from '../support/failure-of.ts';
import { keyOf } from '../support/keys.ts';

let home: string;
let root: string;
let keyFile: string;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'tmuxpair-lease-')));
  vi.stubEnv('HOME', home);
  root = join(home, 'run');
  mkdirSync(root, { mode: 0o700 });
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  keyFile = join(home, '.ssh', 'authorized_keys');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

const guest = (name: string, ...keys: string[]): Guest => ({
  reference: { provider: 'github', name, text: `github:${name}` },
  label: name as Label,
  access: 'read-write',
  keys: [keyOf(name), ...keys.map(keyOf)],
});
const ada = guest('ada');
const options = { forward: [], gateExisting: false } as const;
const create = () => createLease(root, keyFile, new Date());
const host = `ssh-ed25519 ${keyOf('host').base64} me@here\n`;
const writeKeys = (text: string, at = keyFile) => writeFileSync(at, text, { mode: 0o600 });
const read = (at = keyFile) => (existsSync(at) ? readFileSync(at, 'latin1') : undefined);

const enter = { write: 'exec true', airlock: 'exec true', look: 'exec true' };
function arm(lease: Lease, seconds = 3600): void {
  const deadline = {
    epoch: Math.ceil(Date.now() / 1000) + seconds,
    sinceBoot: Math.ceil(uptime()) + seconds,
  };
  armClock(lease, deadline, ['true']);
  armLease(lease, { caps: { guest: 8, pairing: 64 }, enter }, ['true']);
}

/** Rewrites who supervises a lease. */
function hand(lease: Lease, supervisor: object, more: object = {}): void {
  const path = join(lease.folder, 'record.json');
  const record = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(
    path,
    JSON.stringify({ ...record, ...more, supervisor: { ...record.supervisor, ...supervisor } }),
  );
}

/** The same lease under the id of another machine. */
function elsewhere(lease: Lease): Lease {
  const id = `${lease.id.startsWith('a') ? 'b' : 'a'}${lease.id.slice(1)}` as LeaseId;
  const text = readFileSync(join(lease.folder, 'record.json'), 'utf8').replaceAll(lease.id, id);
  removeLease(lease.folder);
  const folder = join(root, id);
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, 'record.json'), text);
  return { ...lease, id, folder, gate: join(folder, 'gate') };
}

describe('a lease', () => {
  test('is made whole, for its owner alone, and goes whole', () => {
    const umask = process.umask(0);
    const lease = create();
    arm(lease);
    openGate(lease, 'ada' as Label, 'read-only');
    process.umask(umask);
    const entries = readdirSync(lease.folder, { recursive: true, encoding: 'utf8' });
    const modes = entries.map(
      (name) => `${name} ${(lstatSync(join(lease.folder, name)).mode & 0o777).toString(8)}`,
    );
    expect(modes.sort()).toEqual([
      'admit 700',
      'air 700',
      'ask 700',
      'clock 700',
      'deadline 600',
      'gate 700',
      'in 700',
      'open 700',
      'open/ada 600',
      'record.json 600',
      'refused 700',
      'sever 700',
      'switch 700',
      'view 700',
    ]);
    expect(readdirSync(root)).toEqual([lease.id]);
    removeLease(lease.folder);
    removeLease(lease.folder);
    expect(readdirSync(root)).toEqual([]);
  });

  test('that can’t be made leaves nothing', async () => {
    writeFileSync(join(home, 'file'), '');
    const nowhere = rejectionOf((async () => createLease(join(home, 'file'), keyFile, new Date()))());
    expect(await nowhere).toMatchObject({ kind: 'run-directory-refused' });
    expect(readdirSync(root)).toEqual([]);
  });

  test('M1: does not depend on a key file that may never be written', () => {
    const odd = join(home, 'x'.repeat(300), 'keys');
    const lease = createLease(root, odd, new Date());
    expect(inOwnFile(lease).keyFile).toBe(join(lease.folder, 'authorized_keys'));
    removeLease(lease.folder);
    expect(readdirSync(root)).toEqual([]);
  });

  test('has the deadline that was last set, or none', () => {
    const lease = create();
    expect(readDeadline(lease.folder)).toBeUndefined();
    setDeadline(lease, { epoch: 2, sinceBoot: 1 });
    expect(readDeadline(lease.folder)).toEqual({ epoch: 2, sinceBoot: 1 });
    for (const text of ['', 'x y\n', '5\n', '5 \n', '0 5\n']) {
      writeFileSync(join(lease.folder, 'deadline'), text);
      expect(readDeadline(lease.folder), text).toBeUndefined();
    }
  });

  test('has no guests to end before it has a gate', async () => {
    expect(await sever(create().folder)).toBe(true);
  });

  test('is ended from a folder that is no more', async () => {
    const lease = create();
    const gone = mkdtempSync(join(home, 'gone-'));
    const before = process.cwd();
    process.chdir(gone);
    rmSync(gone, { recursive: true });
    try {
      expect(await sever(lease.folder)).toBe(true);
    } finally {
      process.chdir(before);
    }
  });
});

describe('granting', () => {
  test.each([undefined, '', host, host.trimEnd()])(
    'over %j, then revoking, leaves it as it was',
    async (text) => {
      if (text !== undefined) writeKeys(text);
      const lease = create();
      await grant(lease, [ada, guest('bob', 'bob2')], options);
      expect(read()?.match(/tmuxpair:/g)).toHaveLength(3);
      expect(await revoke(keyFile, lease.id, 'ada' as Label)).toBe(1);
      expect(await revoke(keyFile, lease.id)).toBe(2);
      expect(await revoke(keyFile, lease.id)).toBe(0);
      expect(read()).toBe(text);
    },
  );

  test('makes the folder, and revoking removes it', async () => {
    rmSync(join(home, '.ssh'), { recursive: true });
    const lease = create();
    await grant(lease, [ada], options);
    expect(lstatSync(join(home, '.ssh')).mode & 0o777).toBe(0o700);
    await revoke(keyFile, lease.id);
    expect(existsSync(join(home, '.ssh'))).toBe(false);
  });

  test('that fails leaves no folder that it made', async () => {
    rmSync(join(home, '.ssh'), { recursive: true });
    chmodSync(home, 0o777);
    expect(await rejectionOf(grant(create(), [ada], options))).toMatchObject({
      kind: 'authorized-keys-refused',
    });
    expect(existsSync(join(home, '.ssh'))).toBe(false);
  });

  test('through a folder that is a link to nothing is refused, not tried again', async () => {
    rmSync(join(home, '.ssh'), { recursive: true });
    symlinkSync('nowhere', join(home, '.ssh'));
    expect(await rejectionOf(grant(create(), [ada], options))).toMatchObject({
      kind: 'authorized-keys-refused',
      problem: expect.stringContaining('symbolic link to nothing'),
    });
  });

  describe('a key that is there already', () => {
    const line = `ssh-ed25519 ${keyOf('ada').base64} ada\n`;

    test('is refused, and nothing is written; or put behind the gate, where that was asked for', async () => {
      writeKeys(host + line);
      const lease = create();
      expect(await rejectionOf(grant(lease, [guest('bob'), ada], options))).toEqual({
        kind: 'key-already-present',
        reference: 'github:ada',
        fingerprint: keyOf('ada').fingerprint,
        path: keyFile,
        line: 2,
      });
      expect(read()).toBe(host + line);
      await grant(lease, [ada], { ...options, gateExisting: true });
      expect(read()?.indexOf('restrict,')).toBe(0);
    });

    test('is refused in authorized_keys2, which stands beside the name, not beside what that is a link to', async () => {
      const dotfiles = join(home, 'dotfiles');
      mkdirSync(dotfiles, { mode: 0o700 });
      writeKeys(host, join(dotfiles, 'keys'));
      symlinkSync('../dotfiles/keys', keyFile);
      writeKeys(line, `${keyFile}2`);
      expect(await rejectionOf(grant(create(), [ada], options))).toMatchObject({
        kind: 'key-already-present',
        path: `${keyFile}2`,
        line: 1,
      });
      expect(read(join(dotfiles, 'keys'))).toBe(host);
    });

    test('is not looked for behind a link to nothing, which sshd can not read either', async () => {
      symlinkSync('nowhere', `${keyFile}2`);
      const lease = create();
      await grant(lease, [ada], options);
      expect(read()).toContain(lease.id);
    });

    test('is refused in another pairing, by its id', async () => {
      const [one, two] = [create(), create()];
      await grant(one, [ada], options);
      expect(await rejectionOf(grant(two, [ada], options))).toMatchObject({ lease: one.id, line: 1 });
    });
  });

  test('and revoking at once from many pairings disturbs nobody', async () => {
    writeKeys(host);
    const leases = Array.from({ length: 8 }, create);
    await Promise.all(leases.map((lease, n) => grant(lease, [guest(`guest-${n}`)], options)));
    expect(read()?.match(/tmuxpair:/g)).toHaveLength(8);
    await Promise.all(leases.map((lease) => revoke(keyFile, lease.id)));
    expect(read()).toBe(host);
    expect(readdirSync(join(home, '.ssh'))).toEqual(['authorized_keys']);
  });

  test('a revocation that fails names the lines', async () => {
    writeKeys(host);
    const lease = create();
    await grant(lease, [ada], options);
    chmodSync(keyFile, 0o666);
    expect(await rejectionOf(revoke(keyFile, lease.id))).toEqual({
      kind: 'revocation-failed',
      path: keyFile,
      lines: [1],
      label: `tmuxpair:${lease.id}:`,
      problem: 'can be written by everybody',
    });
  });

  test('there is nothing to fail at where nothing was written', async () => {
    writeKeys(host);
    chmodSync(keyFile, 0o666);
    expect(await revoke(keyFile, create().id)).toBe(0);
  });
});

describe('a sweep', () => {
  const run = () => sweep({ roots: [root], keyFiles: [keyFile], now: new Date() });
  const ids = (swept: readonly { readonly id: string }[]) => swept.map(({ id }) => id);

  test('leaves what lives', async () => {
    writeKeys(host);
    const lease = create();
    arm(lease);
    await grant(lease, [guest('ada', ...Array.from({ length: 1100 }, (_, n) => `ada${n}`))], options);
    const before = read();
    expect(await run()).toEqual([]);
    expect(read()).toBe(before);
    expect(existsSync(lease.gate)).toBe(true);
    expect(leaseFolders({ roots: [], keyFiles: [keyFile] })).toEqual([lease.folder]);
  });

  test.each<[string, (lease: Lease) => void]>([
    ['whose supervisor is gone', (lease) => hand(lease, { start: '1' })],
    ['from before a reboot', (lease) => hand(lease, { boot: 'another' })],
    ['without a record', (lease) => rmSync(join(lease.folder, 'record.json'))],
    ['with half a record', (lease) => writeFileSync(join(lease.folder, 'record.json'), '{"version":1')],
    ['whose supervisor is stuck past its deadline', (lease) => arm(lease, -60)],
    ['whose folder is gone', (lease) => rmSync(lease.folder, { recursive: true })],
  ])('takes back a lease %s', async (_, kill) => {
    writeKeys(host);
    const [dead, other] = [create(), create()];
    arm(other);
    await grant(dead, [ada], options);
    await grant(other, [guest('bob')], options);
    kill(dead);
    expect(ids(await run())).toEqual([dead.id]);
    expect(read()).not.toContain(dead.id);
    expect(read()).toContain(other.id);
    expect(readdirSync(root)).toEqual([other.id]);
    expect(await run()).toEqual([]);
  });

  test('takes back a lease that died before its gate was written, folder and all', async () => {
    rmSync(join(home, '.ssh'), { recursive: true });
    const lease = create();
    mkdirSync(join(home, '.ssh'), { mode: 0o700 });
    hand(lease, { start: '1' });
    expect(ids(await run())).toEqual([lease.id]);
    expect([readdirSync(root), existsSync(join(home, '.ssh'))]).toEqual([[], false]);
  });

  test('leaves what another machine may still run, until its time is up', async () => {
    const lease = elsewhere(create());
    hand(lease, { boot: 'another' });
    setDeadline(lease, { epoch: Date.now() / 1000 + 100, sinceBoot: 1 });
    await grant(lease, [ada], { ...options, expiry: '20990101000000Z' });
    expect(await run()).toEqual([]);
    setDeadline(lease, { epoch: Date.now() / 1000 - 100, sinceBoot: 1 });
    expect(ids(await run())).toEqual([lease.id]);
    expect(read()).toBeUndefined();
  });

  test('leaves the lines of another machine, whose folders it can not see, until they expire', async () => {
    const lease = elsewhere(create());
    await grant(lease, [ada], { ...options, expiry: '20990101000000Z' });
    await grant(lease, [guest('bob')], { ...options, expiry: '20200101000000Z' });
    rmSync(lease.folder, { recursive: true });
    const lines = read()?.split('\n') ?? [];
    writeKeys(`${lines[1]}\n`);
    expect(await run()).toEqual([]);
    writeKeys(`${lines[0]}\n`);
    expect(ids(await run())).toEqual([lease.id]);
  });

  test('leaves what another version wrote, and what is no lease', async () => {
    const lease = create();
    hand(lease, { start: '1' }, { version: 2 });
    mkdirSync(join(root, 'rooms'));
    expect([await run(), await sweepLeases([lease.folder])]).toEqual([[], []]);
    expect(readdirSync(root).sort()).toEqual([lease.id, 'rooms'].sort());
  });

  test('takes a lease back with what else its supervisor had, once that is dead', () => {
    const [one, two, other, living] = [create(), create(), create(), create()];
    hand(one, { start: '1' });
    hand(two, { start: '1' });
    hand(other, { start: '2' });
    expect(leasesWith(one.folder).sort()).toEqual([one.folder, two.folder].sort());
    expect(leasesWith(living.folder)).toEqual([living.folder]);
    rmSync(join(other.folder, 'record.json'));
    expect(leasesWith(other.folder)).toEqual([other.folder]);
  });

  test('does not look into folders that others could have written', async () => {
    const lease = create();
    await grant(lease, [ada], options);
    hand(lease, { start: '1' }, { keyFile: join(home, 'elsewhere') });
    writeKeys(host, join(home, 'elsewhere'));
    chmodSync(root, 0o777);
    expect(ids(await run())).toEqual([lease.id]);
    expect(read()).toBeUndefined();
    expect(await sweepLeases([lease.folder])).toEqual([]);
    expect(leaseFolders({ roots: [root], keyFiles: [keyFile] })).toEqual([]);
    expect(existsSync(lease.folder)).toBe(true);
  });

  test('tells what could not be taken back, and takes back the rest', async () => {
    const [one, two] = [create(), create()];
    const other = join(home, 'other_keys');
    await grant({ ...one, keyFile: other }, [ada], options);
    await grant(two, [guest('bob')], options);
    hand(one, { start: '1' }, { keyFile: other });
    hand(two, { start: '1' });
    chmodSync(other, 0o666);
    expect(await rejectionOf(run())).toMatchObject({ kind: 'revocation-failed', path: other });
    expect(read()).toBeUndefined();
    expect(readdirSync(root)).toEqual([one.id]);
  });

  test('removes what was half made, or half removed, by who is gone; of this machine', async () => {
    const lease = create();
    const tag = lease.id.slice(0, 4);
    const foreign = `.${tag === 'aaaa' ? 'bbbb' : 'aaaa'}aaaaaaaa`;
    for (const name of [
      `.${tag}aaaaaaaa.1.1`,
      `.${tag}aaaaaaaa.1.Mon_Nov_23_10:00:00_2026`,
      `${foreign}.1.1`,
      '.cache',
    ])
      mkdirSync(join(root, name, 'in'), { recursive: true });
    await run();
    expect(readdirSync(root).sort()).toEqual([lease.id, `${foreign}.1.1`, '.cache'].sort());
  });

  test('clears what a crash in the middle of an edit left beside the file', async () => {
    writeKeys(host);
    writeFileSync(`${keyFile}.tmuxpair.new`, 'hal');
    symlinkSync(`1|1|another|nonce|${machineName()}`, `${keyFile}.tmuxpair.lock`);
    await run();
    expect(readdirSync(join(home, '.ssh'))).toEqual(['authorized_keys']);
  });

  test('that is not alone tells only what it took back itself', async () => {
    const lease = create();
    await grant(lease, [ada], options);
    rmSync(lease.folder, { recursive: true });
    expect(ids((await Promise.all([run(), run(), run()])).flat())).toEqual([lease.id]);
  });

  test('waits for who edits the file, and sees what they left', async () => {
    writeKeys(host);
    const lease = create();
    await grant(lease, [ada], options);
    hand(lease, { start: '1' });
    const [swept] = await Promise.all([
      run(),
      editKeyFile(keyFile, (text) => ({ text: `${text}# theirs\n` })),
    ]);
    expect(ids(swept)).toEqual([basename(lease.folder)]);
    expect(read()).toBe(`${host}# theirs\n`);
  });
});
