import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { ask } from '../support/control.ts';
import { makeStage } from '../support/fixture.ts';
import { listed } from '../support/listed.ts';
import { goLive, invited } from '../support/live.ts';
import { until } from '../support/wait.ts';

/** Opens a connection to the control socket; nobody reads from it until a test does. */
function reach(folder: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(`${folder}/control`, () => resolve(socket));
    socket.once('error', reject).on('error', () => {});
  });
}

/** Writes until the other end will take no more or closes; gives the bytes that went. */
async function pour(socket: Socket, text: string): Promise<number> {
  const closed = new Promise<false>((resolve) => socket.once('close', () => resolve(false)));
  while (!socket.destroyed && socket.bytesWritten < 200_000_000) {
    if (socket.write(text)) continue;
    const drained = new Promise<true>((resolve) => socket.once('drain', () => resolve(true)));
    const late = new Promise<false>((resolve) => setTimeout(resolve, 1000, false));
    if (!(await Promise.race([drained, closed, late]))) break;
  }
  return socket.bytesWritten;
}

test('whatever is sent to the control socket, the pairing goes on and others get their answers', async () => {
  await using stage = await makeStage();
  const ada = await invited(stage, 'ada');
  const live = await goLive(stage, ['ada.pub']);
  const { folder } = live;
  const seat = await ada.join();
  await seat.waitFor('[pair]');
  const memory = async () => {
    const { stdout } = await stage.account.exec('ps', ['-o', 'rss=', '-p', String(live.supervisor.pid)]);
    return Number(stdout) / 1024;
  };
  const files = async () => {
    const { stdout } = await stage.account.exec('ls', [`/proc/${live.supervisor.pid}/fd`]);
    return stdout.trimEnd().split('\n').length;
  };
  const [before, filesBefore] = [await memory(), await files()];
  const undisturbed = async (what: string) => {
    const asked = performance.now();
    expect(await ask(folder, { op: 'info' }), what).toMatchObject({ ok: true });
    expect((await listed(stage)).length, what).toBe(1);
    await seat.type(`echo ${what}-$((20+1))\r`);
    await live.host.waitFor(`${what}-21`);
    return Math.round(performance.now() - asked);
  };
  const figures: Record<string, number> = {};
  const sockets: Socket[] = [];

  for (const garbage of [
    '\0\xff\xfe\n',
    '{}\n',
    '[1]\n',
    'null\n',
    '{"v":2,"op":"stop"}\n',
    '{"v":1}\n',
    `${'['.repeat(900_000)}\n`,
  ]) {
    const socket = await reach(folder);
    let answer = '';
    socket.on('data', (data) => {
      answer += data;
    });
    socket.write(garbage);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(JSON.parse(answer)).toMatchObject({ ok: false, failure: { kind: 'usage' } });
  }
  for (const request of [
    { op: 'kick', guest: 'x'.repeat(100_000) },
    { op: 'kick', guest: '../../open/ada' },
    { op: 'kick', guest: 'ada,1' },
    { op: 'access', guest: 'ada', access: 'root' },
    { op: 'extend', seconds: 1e99 },
    { op: 'extend', seconds: -1 },
    { op: 'extend', seconds: Number.MAX_SAFE_INTEGER },
    { op: 'invite', guests: [] },
    { op: 'invite', guests: [null] },
    {
      op: 'invite',
      guests: [
        {
          reference: { provider: 'file', name: 'a', text: 'a\x1b[2J' },
          access: 'read-write',
          keys: [ada.identity.publicKey],
        },
      ],
    },
    {
      op: 'invite',
      guests: [
        {
          reference: { provider: 'file', name: 'a', text: 'a' },
          access: 'read-write',
          keys: ['command="sh" ssh-ed25519 AAAA'],
        },
      ],
    },
    { op: 'menu', client: 1 },
  ])
    await ask(folder, request).catch((error) => expect.fail(`${JSON.stringify(request)}: ${error}`));
  figures.garbage = await undisturbed('garbage');

  const long = await reach(folder);
  expect(await pour(long, 'x'.repeat(1_000_000))).toBeLessThan(20_000_000);
  await until(() => long.destroyed, { what: 'a line without end to be cut' });
  const many = await reach(folder);
  console.log(
    `took ${await pour(many, '{"v":1,"op":"info"}\n'.repeat(10_000))} bytes of requests that nobody waits for`,
  );
  sockets.push(long, many);
  figures.floods = await undisturbed('floods');

  for (let n = 0; n < 100; n++) {
    const unread = await reach(folder);
    unread.write('{"v":1,"op":"info"}\n');
    // Answered, and nobody takes the answer; or put out.
    await new Promise((resolve) => unread.once('readable', resolve).once('close', resolve));
    sockets.push(unread);
  }
  figures.unread = await undisturbed('unread');

  for (let n = 0; n < 100; n++) sockets.push(await reach(folder));
  for (const socket of sockets) if (!socket.destroyed) socket.write('{"v":1,"op":');
  figures.connections = await undisturbed('connections');
  for (const socket of sockets) socket.end();
  figures.half = await undisturbed('half');
  await until(async () => (await files()) <= filesBefore, { what: 'every connection to be closed' });

  const after = await memory();
  console.log(
    `answered after, in ms: ${JSON.stringify(figures)}; ${Math.round(before)} MB before, ${Math.round(after)} MB after`,
  );
  expect(after).toBeLessThan(before + 150);
  await stage.run(['kick', 'ada']);
  await seat.exitStatus();
  for (const socket of sockets) socket.destroy();
});
