import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findSshd } from '../../../src/door/sshd-version.ts';
import { findTmux } from '../../../src/room/tmux.ts';
import { pathFolders, settlePath, which } from '../../../src/system/which.ts';
import { failureOf } from '../../support/failure-of.ts';

let place: string;
const cwd = process.cwd();

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'tp-which-'));
  mkdirSync(join(place, 'bin'));
  for (const name of ['tmux', 'sshd', 'bin/tmux', 'bin/sshd']) {
    writeFileSync(join(place, name), '#!/bin/sh\n');
    chmodSync(join(place, name), 0o755);
  }
});
afterEach(() => {
  process.chdir(cwd);
  rmSync(place, { recursive: true });
});

test('the first that can be run, and no folder', () => {
  mkdirSync(join(place, 'folder', 'tmux'), { recursive: true });
  writeFileSync(join(place, 'bin', 'plain'), '');
  const folders = ['/nowhere', join(place, 'folder'), join(place, 'bin'), place];
  expect(which('tmux', folders)).toBe(join(place, 'bin', 'tmux'));
  expect(which('plain', [join(place, 'bin')])).toBeUndefined();
});

test('S15: what PATH names relative to the current folder is not run', () => {
  process.chdir(place);
  const here = join(process.cwd(), 'bin');
  for (const path of ['', '.', 'bin', './bin', ':', '.:', ':bin']) {
    expect(pathFolders(path)).toEqual([]);
    expect(failureOf(() => findTmux({ PATH: path }))).toMatchObject({ kind: 'program-missing' });
    const env = { PATH: path };
    settlePath(env);
    expect(env.PATH).toBe('/usr/bin:/bin');
  }
  expect(findTmux({ PATH: `.:bin::${here}` })).toBe(join(here, 'tmux'));
  expect(findSshd({ PATH: `.:bin::${here}` })).toBe(join(here, 'sshd'));
  const env = { PATH: '.:/usr/bin:bin:/bin:' };
  settlePath(env);
  expect(env.PATH).toBe('/usr/bin:/bin');
  expect(findTmux({ PATH: '' }, './tmux')).toBe(join(process.cwd(), 'tmux'));
});
