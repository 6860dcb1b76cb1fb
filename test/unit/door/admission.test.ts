import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { openAdmission } from '../../../src/door/admission.ts';
import { most } from '../../../src/door/strangers.ts';
import { until } from '../../support/wait.ts';

test('S14: in a full house, sockets that say nothing get an sshd once in two seconds; one that speaks at its next turn', async () => {
  const started: { readonly at: number; readonly port: number | undefined }[] = [];
  const ended: number[] = [];
  const admission = openAdmission<number>({
    start: ({ remotePort }) => {
      started.push({ at: performance.now(), port: remotePort });
      return started.length;
    },
    end: (one) => void ended.push(one),
  });
  const server = createServer({ pauseOnConnect: true }, (socket) => admission.come(socket));
  const clients: Socket[] = [];
  try {
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    const open = (greeting = ''): Socket => {
      const client = connect(port, '127.0.0.1').on('error', () => {});
      if (greeting !== '') client.write(greeting);
      clients.push(client);
      return client;
    };
    for (let n = 0; n < most.strangers + 6; n++) open();
    await until(() => started.length >= most.strangers + 3, { what: 'some of those that wait' });
    const [one = 0, two = 0, three = 0] = started.slice(most.strangers).map(({ at }) => at);
    for (const apart of [two - one, three - two]) expect(apart).toBeGreaterThan(1900);
    expect(ended).toEqual([1, 2, 3]);
    const [before, since] = [started.length, performance.now()];
    const speaker = open('SSH-2.0-x\r\n');
    await once(speaker, 'connect');
    const from = speaker.localPort;
    const turn = () => started.findIndex(({ port }) => port === from);
    await until(() => turn() >= 0, { what: 'the one that speaks' });
    // Before all that were there, but for whose time comes meanwhile.
    expect(turn() - before).toBeLessThanOrEqual(1 + Math.floor((performance.now() - since) / 2000));
    // And nobody along with it.
    const last = started.length;
    await until(() => started.length > last, { what: 'the next turn' });
    const [then = 0, next = 0] = started.slice(turn()).map(({ at }) => at);
    expect(next - then).toBeGreaterThan(1900);
  } finally {
    admission.close();
    for (const client of clients) client.destroy();
    server.close();
  }
});
