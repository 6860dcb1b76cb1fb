import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Client } from '../../src/room/clients.ts';
import { observeRoom } from '../../src/room/observe.ts';

/** As tmux 3.3 answers on a busy machine: the first question comes before the client is attached. */
const tmux = `#!/bin/sh
say() { echo "%begin 1 $1 $2"; [ -z "$3" ] || echo "$3"; [ -z "$4" ] || echo "$4"; echo "%end 1 $1 $2"; }
say 1 0 '' ''
read -r question
say 2 1 '' ''
echo '%session-changed $0 pair'
read -r question
say 3 1 '1 7 0 80 24 0 0 attached,control-mode  client-7' '0 42 0 80 24 0 0 attached /dev/pts/1 /dev/pts/1'
cat >/dev/null
`;

test('a client is seen although the first question came before the observer was attached', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tp-observe-'));
  const file = join(folder, 'tmux');
  writeFileSync(file, tmux);
  chmodSync(file, 0o755);
  const room = { tmux: file, socket: join(folder, 'socket'), session: 'pair', target: '=pair' };

  const clients = await new Promise<readonly Client[]>((resolve) => {
    const observer = observeRoom(room, (seen) => {
      observer.stop();
      resolve(seen);
    });
  });

  expect(clients.map(({ pid }) => pid)).toEqual([42]);
  rmSync(folder, { recursive: true });
});
