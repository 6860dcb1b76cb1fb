import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { greetingIn, knock } from '../../../src/door/greeting.ts';

test.each([
  ['SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u9\r\n', { kind: 'openssh', version: [9, 2] }],
  ['SSH-2.0-OpenSSH_10.0p2 Debian-7\r\n', { kind: 'openssh', version: [10, 0] }],
  ['SSH-2.0-OpenSSH_for_Windows_9.5\r\n', { kind: 'openssh' }],
  ['SSH-2.0-OpenSSH\r\n', { kind: 'openssh' }],
  ['SSH-1.99-OpenSSH_7.4\n', { kind: 'openssh', version: [7, 4] }],
  ['a line before\r\nSSH-2.0-OpenSSH_9.2\r\n', { kind: 'openssh', version: [9, 2] }],
  ['SSH-2.0-Go\r\n', { kind: 'other', text: 'SSH-2.0-Go' }],
  ['SSH-2.0-dropbear_2022.83\r\n', { kind: 'other', text: 'SSH-2.0-dropbear_2022.83' }],
  ['SSH-2.0-Tailscale\r\n', { kind: 'other', text: 'SSH-2.0-Tailscale' }],
  ['SSH-2.0-MyOpenSSH_9.2\r\n', { kind: 'other', text: 'SSH-2.0-MyOpenSSH_9.2' }],
  ['Not allowed at this time\r\n', { kind: 'refusing', text: 'Not allowed at this time' }],
  ['Exceeded MaxStartups\r\n', { kind: 'refusing', text: 'Exceeded MaxStartups' }],
  ['', { kind: 'refusing', text: '' }],
  ['220 mail.example.com ESMTP\r\n', { kind: 'no-ssh' }],
  ['HTTP/1.1 400 Bad Request\r\n\r\n', { kind: 'no-ssh' }],
])('%j', (said, greeting) => {
  expect(greetingIn(said, true)).toMatchObject(greeting);
});

test('who has said nothing yet is not refusing', () => {
  expect(greetingIn('', false)).toEqual({ kind: 'no-ssh' });
});

test.each<[string, (socket: Socket) => void, object]>([
  ['greets', (socket) => socket.write('SSH-2.0-OpenSSH_9.2p1\r\n'), { kind: 'openssh' }],
  ['closes', (socket) => socket.end(), { kind: 'refusing', text: '' }],
  ['resets', (socket) => socket.resetAndDestroy(), { kind: 'refusing', text: '' }],
  ['refuses in words', (socket) => socket.end('Not allowed at this time\r\n'), { kind: 'refusing' }],
])('one who %s', async (_, answer, greeting) => {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await knock('127.0.0.1', port)).toMatchObject(greeting);
  server.close();
  await once(server, 'close');
  expect(await knock('127.0.0.1', port)).toEqual({ kind: 'silent' });
});
