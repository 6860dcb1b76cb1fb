import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expiryTime, findSshd, isAtLeast, sshdVersion } from '../../src/door/sshd-version.ts';
import { standardOffset, systemZone } from '../../src/door/zone.ts';
import { failureOf, rejectionOf } from '../support/failure-of.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'tmuxpair-sshd-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

function program(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('sshd is', () => {
  test('found on the PATH, by its absolute path; a folder of that name is none', () => {
    mkdirSync(join(folder, 'a', 'sshd'), { recursive: true });
    const path = program('sshd', 'exit 0');
    expect(findSshd({ PATH: `${folder}/a::${folder}` })).toBe(path);
  });

  test('found where plain users do not look', () => {
    const usual = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/sbin/sshd'].find(existsSync);
    if (usual) expect(findSshd({ PATH: folder })).toBe(usual);
    else expect(failureOf(() => findSshd({}))).toMatchObject({ kind: 'program-missing', program: 'sshd' });
  });

  test.each<[string, readonly [number, number]]>([
    ['OpenSSH_9.2p1 Debian-2+deb12u7, OpenSSL 3.0.17 1 Jul 2025', [9, 2]],
    ['OpenSSH_10.0p2, OpenSSL 3.5.0', [10, 0]],
    ['unknown option -- V\nOpenSSH_8.9p1 Ubuntu-3ubuntu0.13, OpenSSL 3.0.2\nusage: sshd [-46D]', [8, 9]],
    ['OpenSSH_7.4p1, LibreSSL 2.8.3', [7, 4]],
  ])('of the version that it says: %j', async (text, version) => {
    const sshd = program('sshd', `printf '%s\\n' '${text}' >&2; exit 1`);
    expect(await sshdVersion(sshd)).toEqual(version);
  });

  test.each([0, 65_480, 65_485, 65_490, 130_000])(
    'of the version that stands in it, %i bytes in',
    async (before) => {
      const sshd = program('sshd', `exit 1 # OpenSSH_6.6*,OpenSSH_7.0* ${'x'.repeat(before)}OpenSSH_9.2p1`);
      expect(await sshdVersion(sshd)).toEqual([9, 2]);
    },
  );

  test.each([
    ['OpenSSH_7.3p1, x', { kind: 'program-too-old', program: 'sshd', found: '7.3', floor: '7.4' }],
    ['OpenSSH_6.10, x', { kind: 'program-too-old', found: '6.10' }],
    ['Dropbear v2022.83', { kind: 'program-failed', detail: 'Dropbear v2022.83' }],
    ['', { kind: 'program-failed', detail: '' }],
  ])('refused: %j', async (text, failure) => {
    expect(await rejectionOf(sshdVersion(program('sshd', `echo '${text}'`)))).toMatchObject(failure);
  });
});

test('versions are compared by their numbers', () => {
  expect(isAtLeast([10, 0], [9, 1])).toBe(true);
  expect(isAtLeast([9, 1], [9, 1])).toBe(true);
  expect(isAtLeast([8, 9], [9, 1])).toBe(false);
  expect(isAtLeast([7, 10], [7, 7])).toBe(true);
});

const at = (iso: string) => Date.parse(iso) / 1000;

describe('the time of expiry', () => {
  test.each<[string, readonly [number, number], string, string | undefined, string | undefined]>([
    ['in UTC from 9.1', [9, 1], '2026-11-22T18:15:00Z', 'Europe/Berlin', '20261122181500Z'],
    ['in UTC from 10.0', [10, 0], '2026-11-22T18:15:00Z', undefined, '20261122181500Z'],
    ['in local time before', [9, 0], '2026-11-22T18:15:00Z', 'Europe/Berlin', '20261122191500'],
    ['in local standard time in summer', [8, 9], '2026-07-01T10:00:00Z', 'Europe/Berlin', '20260701110000'],
    ['south of the equator', [8, 9], '2026-01-15T01:00:00Z', 'Australia/Sydney', '20260115110000'],
    ['with half an hour of summer', [8, 9], '2026-01-15T01:00:00Z', 'Australia/Lord_Howe', '20260115113000'],
    [
      'with a standard time that is that of summer',
      [8, 9],
      '2026-01-15T12:00:00Z',
      'Europe/Dublin',
      '20260115130000',
    ],
    ['west of UTC, over midnight', [8, 9], '2026-01-01T03:00:00Z', 'America/New_York', '20251231220000'],
    ['by quarters of an hour', [8, 9], '2026-01-01T00:00:00Z', 'Asia/Kathmandu', '20260101054500'],
    ['in UTC that is local', [7, 7], '2026-01-01T00:00:00Z', 'Etc/UTC', '20260101000000'],
    ['not where the zone is not known', [8, 9], '2026-01-01T00:00:00Z', 'Mars/Olympus', undefined],
    ['not where the zone has no name', [8, 9], '2026-01-01T00:00:00Z', undefined, undefined],
    ['not before 7.7', [7, 6], '2026-01-01T00:00:00Z', 'Europe/Berlin', undefined],
  ])('%s', (_, version, instant, zone, expected) => {
    expect(expiryTime(version, at(instant), () => zone)).toBe(expected);
  });

  test('with the seconds of a fraction cut off', () => {
    expect(expiryTime([9, 2], at('2026-11-22T18:15:07.900Z'), () => 'UTC')).toBe('20261122181507Z');
  });

  /** What OpenSSH makes of a time without `Z` in a zone: it is read by the code that reads `expiry-time`. */
  function asRead(time: string, zone: string): number {
    const env = { ...process.env, TZ: zone };
    const [ca, key] = [join(folder, 'ca'), join(folder, 'key')];
    for (const path of [ca, key])
      if (!existsSync(path)) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
    execFileSync('ssh-keygen', ['-q', '-s', ca, '-I', 'x', '-V', `20000101:${time}`, `${key}.pub`], { env });
    const shown = execFileSync('ssh-keygen', ['-L', '-f', `${key}-cert.pub`], { env: { ...env, TZ: 'UTC' } });
    return at(`${/ to (\S+)/.exec(shown.toString())?.[1]}Z`);
  }

  test.for(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Europe/Dublin'])(
    'is what OpenSSH before 10.6 reads, in every season and on the edges of summer: %s',
    (zone, { skip }) => {
      // From 10.6 on it reads summer time, too. Lines are written with a `Z` by then.
      skip(asRead('20260715130000', 'Europe/Berlin') !== at('2026-07-15T12:00:00Z'), 'of another OpenSSH');
      const instants = [
        '2026-01-15T12:00:00Z',
        '2026-07-15T12:00:00Z',
        '2026-03-29T01:00:01Z',
        '2026-10-25T00:30:00Z',
        '2026-10-25T01:30:00Z',
      ];
      for (const instant of instants) {
        const time = expiryTime([8, 9], at(instant), () => zone) ?? '';
        const late = asRead(time, zone) - at(instant);
        // Some builds of the time zone database turn what is reversed the usual way round.
        expect(zone === 'Europe/Dublin' && late === 3600 ? 0 : late, `${instant} as ${time}`).toBe(0);
      }
    },
  );
});

describe('the system’s zone', () => {
  const zoneinfo = '/usr/share/zoneinfo';
  const zone = () => systemZone(folder, zoneinfo);

  test('is UTC where none is set', () => {
    expect(zone()).toBe('UTC');
  });

  test.runIf(existsSync(`${zoneinfo}/Europe/Berlin`))(
    'is what the link says, or the name of the copy',
    () => {
      const localtime = join(folder, 'localtime');
      symlinkSync(`${zoneinfo}/Europe/Berlin`, localtime);
      expect(zone()).toBe('Europe/Berlin');
      rmSync(localtime);
      copyFileSync(`${zoneinfo}/Europe/Berlin`, localtime);
      expect(zone()).toBeUndefined();
      writeFileSync(join(folder, 'timezone'), 'Europe/Berlin\n');
      expect(zone()).toBe('Europe/Berlin');
      writeFileSync(join(folder, 'timezone'), 'America/New_York\n');
      expect(zone()).toBeUndefined();
    },
  );

  test('of this machine is one that is known here', () => {
    const real = systemZone();
    if (real !== undefined) expect(standardOffset(real, 1_800_000_000)).toBeTypeOf('number');
  });
});
