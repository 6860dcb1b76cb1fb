import { expect, test } from 'vitest';
import { canMount, unmountBelow } from '../support/disk.ts';
import { makeStage } from '../support/fixture.ts';
import { expectNothingLeft, runDirectory } from '../support/live.ts';
import { inTheRoom, keyFileOf } from '../support/pairing.ts';
import { destinationOf, forPrivateDoor } from '../support/private-door.ts';
import { until } from '../support/wait.ts';
import { rows } from '../support/whole.ts';

const doors = ['system', 'private'] as const;
const guests = ['read-write', 'read-only'] as const;
const cases = doors.flatMap((door) => guests.map((access) => ({ door, access })));

test.runIf(await canMount()).each(rows(cases, 2))(
  'N5: a run directory mounted noexec: $access through the $door sshd, access changed, and out at the end',
  async ({ door, access }) => {
    await using stage = await makeStage(door === 'private' ? forPrivateDoor : {});
    const { account } = stage;
    const run = account.env.XDG_RUNTIME_DIR ?? '';
    const ids = `uid=${account.uid},gid=${account.gid}`;
    await account.asRoot(`mount -t tmpfs -o noexec,mode=700,${ids} tmpfs ${run}`);
    await using _ = { [Symbol.asyncDispose]: () => unmountBelow(run) };
    const guest = await stage.guest();
    const options = door === 'private' ? ['--door', 'private'] : ['--port', String(stage.sshd.port)];
    const host = await stage.start(
      [...options, '--host', '127.0.0.1', `--${access}`, await keyFileOf(stage, guest)].filter(
        (word) => word !== '--read-write',
      ),
      { columns: 200 },
    );
    const screen = await host.waitFor(inTheRoom, { timeout: 45_000 });
    const [, line = ''] = /your guest types: (ssh .*)$/m.exec(screen) ?? [];
    const seat = await guest.as({ destination: destinationOf(line) }).join();
    const sight = access === 'read-only' ? 'view only' : '[pair]';
    await seat.waitFor(sight);

    const other = access === 'read-only' ? 'rw' : 'ro';
    expect(await stage.run(['access', 'guest', other])).toMatchObject({ exitCode: 0 });
    await seat.waitFor(access === 'read-only' ? '[pair]' : 'view only');

    // Whatever ends access runs from there, too.
    await account.demand('kill', ['-KILL', String(host.pid)]);
    await until(
      async () => !(await account.exec('ls', [runDirectory(stage)])).stdout.match(/^[a-z2-7]{12}$/m),
      {
        what: 'the switch to end it',
      },
    );
    await seat.exitStatus();
    await expectNothingLeft(stage);
  },
);
