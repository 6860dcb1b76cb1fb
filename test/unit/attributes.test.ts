import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isPlain } from '../../src/lease/attributes.ts';
import { editKeyFile, prepareEdit } from '../../src/lease/key-file.ts';
import { rejectionOf } from '../support/failure-of.ts';
import { until } from '../support/wait.ts';

const isRoot = process.geteuid?.() === 0;
let home: string;
let path: string;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'tp-attr-'));
  vi.stubEnv('HOME', home);
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  path = join(home, '.ssh', 'authorized_keys');
  writeFileSync(path, 'mine\n', { mode: 0o600 });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

const attributes = () =>
  execFileSync('getfattr', ['--absolute-names', '-d', '-m', '-', '-e', 'hex', path], { encoding: 'utf8' });
const prepend = (text = '') => ({ text: `ours\n${text}` });
const back = (text = '') => ({ text: text.replace('ours\n', '') });
const isKnownPlain = () => isPlain(statSync(path, { bigint: true }));
/** The file system's clock has gone on, so that a look is believed. */
const settled = () => until(() => Date.now() - statSync(path).ctimeMs > 150, { what: 'the clock to go on' });

describe.runIf(process.platform === 'linux')(
  'M2: what the file has is there after a grant and a revoke',
  () => {
    test.each<[string, readonly string[], boolean]>([
      ['an attribute', ['setfattr', '-n', 'user.note', '-v', 'kept'], false],
      ['two', ['setfattr', '-n', 'user.other', '-v', '0x00ff0a'], false],
      ['an access control list', ['setfacl', '-m', 'u:daemon:r'], false],
      ['one that its mask makes void', ['setfacl', '-m', 'u:daemon:rw,m::-'], false],
      ['an attribute that root alone may set', ['setfattr', '-n', 'trusted.note', '-v', 'kept'], true],
    ])('%s', async (_, [program = '', ...args], needsRoot) => {
      if (needsRoot && !isRoot) return;
      execFileSync(program, [...args, path]);
      const [before, { mode, uid, gid }] = [attributes(), statSync(path)];
      expect(before).toMatch(/=0x/);
      await settled();
      await prepareEdit(path);
      expect(isKnownPlain()).toBe(false);
      await editKeyFile(path, prepend);
      expect([attributes(), readFileSync(path, 'utf8')]).toEqual([before, 'ours\nmine\n']);
      await editKeyFile(path, back);
      expect([attributes(), readFileSync(path, 'utf8')]).toEqual([before, 'mine\n']);
      expect(statSync(path)).toMatchObject({ mode, uid, gid });
    });

    test('a file without any is known to have none from then on, until it gets one', async () => {
      await settled();
      await prepareEdit(path);
      expect(isKnownPlain()).toBe(true);
      const path2 = process.env.PATH;
      vi.stubEnv('PATH', '/nowhere'); // No cp is needed.
      await editKeyFile(path, prepend);
      expect(isKnownPlain()).toBe(true);
      await editKeyFile(path, back);
      vi.stubEnv('PATH', path2);
      await settled();
      execFileSync('setfattr', ['-n', 'user.note', '-v', 'late', path]);
      expect(isKnownPlain()).toBe(false);
      await editKeyFile(path, prepend);
      expect(attributes()).toContain('user.note');
    });

    test('what can not be kept is no reason to lose it, unless access is to be taken back', async () => {
      const bin = join(home, 'bin');
      mkdirSync(bin);
      writeFileSync(
        join(bin, 'cp'),
        '#!/bin/sh\necho "cp: setting attribute \'security.x\': no" >&2\nexit 1\n',
      );
      chmodSync(join(bin, 'cp'), 0o755);
      execFileSync('setfattr', ['-n', 'user.note', '-v', 'kept', path]);
      const before = attributes();
      vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
      expect(await rejectionOf(editKeyFile(path, prepend))).toMatchObject({
        kind: 'authorized-keys-refused',
        problem: "has attributes that could not be kept: cp: setting attribute 'security.x': no",
      });
      expect([attributes(), readFileSync(path, 'utf8')]).toEqual([before, 'mine\n']);
      expect(spawnSync('ls', ['-A', join(home, '.ssh')], { encoding: 'utf8' }).stdout).toBe(
        'authorized_keys\n',
      );
      await editKeyFile(path, prepend, { comesFirst: true });
      expect(readFileSync(path, 'utf8')).toBe('ours\nmine\n');
    });

    test('where cp knows nothing of attributes, the file is edited all the same', async () => {
      const bin = join(home, 'bin');
      mkdirSync(bin);
      writeFileSync(
        join(bin, 'cp'),
        '#!/bin/sh\necho "cp: unrecognized option: attributes-only" >&2\nexit 1\n',
      );
      chmodSync(join(bin, 'cp'), 0o755);
      vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
      await prepareEdit(path);
      await editKeyFile(path, prepend);
      expect(readFileSync(path, 'utf8')).toBe('ours\nmine\n');
    });
  },
);
