import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newLeaseId } from '../../src/domain/lease-id.ts';
import { thisProcess } from '../../src/lease/process.ts';
import { gateScript } from '../../src/lease/scripts.ts';

const unshare = ['unshare', ...(process.geteuid?.() === 0 ? [] : ['-Ur']), '-pf', '--mount-proc'];
const canUnshare = spawnSync(unshare.join(' '), ['true'], { shell: true }).status === 0;

test.runIf(canUnshare)(
  'where sshd is process 1, as in a container, an orphaned gate does not take it for its connection',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'gate-'));
    try {
      for (const name of ['in', 'open', 'refused']) mkdirSync(join(folder, name));
      const enter = { write: 'exit 9', airlock: 'exit 9', look: 'exit 9' };
      const context = { id: newLeaseId('x'), folder, uid: 0, home: '/', supervisor: thisProcess(), enter };
      writeFileSync(join(folder, 'gate'), gateScript({ ...context, caps: { guest: 8, pairing: 64 } }), {
        mode: 0o700,
      });
      const sshd = join(folder, 'sshd');
      copyFileSync(realpathSync('/bin/sh'), sshd);
      execFileSync('chmod', ['700', sshd]);
      const [file = '', ...args] = [...unshare, sshd, '-c', `${folder}/gate ada; exit $?`];
      const { stderr, status } = spawnSync(file, args, { encoding: 'utf8' });
      expect(stderr).toContain('the connection is gone');
      expect(status).toBe(1);
      expect(readdirSync(join(folder, 'in'))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
