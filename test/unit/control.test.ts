import { describe, expect, test } from 'vitest';
import { parseRequest } from '../../src/control/server.ts';
import { guestsFromWire, toWire } from '../../src/control/wire.ts';
import { parsePairingInfo } from '../../src/pairing/pairing-info.ts';
import { failureOf } from '../support/failure-of.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJnSE6pVRjp0zkNfm6xQmzdXbHCzJzDOhOP3iVvmbmYJ';

describe('a request', () => {
  test.each([
    [{ op: 'info' }],
    [{ op: 'stop' }],
    [{ op: 'kick', guest: 'ada' }],
    [{ op: 'access', guest: 'ada', access: 'read-only' }],
    [{ op: 'extend', seconds: 60 }],
    [{ op: 'menu', client: 42 }],
    [{ op: 'invite', guests: [] }],
  ])('%j', (request) => {
    expect(parseRequest(JSON.stringify({ v: 1, more: 'ignored', ...request }))).toEqual(request);
  });

  test.each([
    '',
    '{',
    'null',
    '1',
    '"info"',
    '[]',
    '{"op":"info"}',
    '{"v":2,"op":"info"}',
    '{"v":"1","op":"info"}',
    '{"v":1}',
    '{"v":1,"op":"toString"}',
    '{"v":1,"op":"kick"}',
    '{"v":1,"op":"kick","guest":1}',
    '{"v":1,"op":"access","guest":"ada","access":"rw"}',
    '{"v":1,"op":"access","access":"read-only"}',
    '{"v":1,"op":"extend","seconds":0}',
    '{"v":1,"op":"extend","seconds":-60}',
    '{"v":1,"op":"extend","seconds":1.5}',
    '{"v":1,"op":"extend","seconds":1e99}',
    '{"v":1,"op":"extend","seconds":"60"}',
    '{"v":1,"op":"invite","guests":{}}',
    '{"v":1,"op":"menu","client":"42"}',
  ])('none: %s', (line) => {
    expect(parseRequest(line)).toBeUndefined();
  });
});

describe('a guest on the way from one process to another', () => {
  const reference = {
    provider: 'gitlab',
    name: 'ada',
    host: 'git.example.com',
    text: 'gitlab:ada@git.example.com',
  };
  const guest = { reference, access: 'read-only', keys: [key] };

  test('arrives as they left, with what we know of them alone', () => {
    const [ada] = guestsFromWire([{ ...guest, label: '../x', reference: { ...reference, more: 1 } }]);
    expect(ada).toMatchObject({ label: 'ada', reference, access: 'read-only' });
    expect(ada.reference).toEqual(reference);
    expect(toWire(ada)).toEqual(guest);
  });

  test.each([
    [[]],
    [[null]],
    [['ada']],
    [[{ ...guest, keys: [] }]],
    [[{ ...guest, keys: [key, `command="sh" ${key}`] }]],
    [[{ ...guest, keys: [`${key}\n${key}`] }]],
    [[{ ...guest, keys: 'ssh-ed25519' }]],
    [[{ ...guest, access: 'root' }]],
    [[{ ...guest, reference: undefined }]],
    [[{ ...guest, reference: { ...reference, provider: 'evil' } }]],
    [[{ ...guest, reference: { ...reference, text: 'a\x1b[2J' } }]],
    [[{ ...guest, reference: { ...reference, name: '' } }]],
    [[{ ...guest, reference: { ...reference, name: 'x'.repeat(5000) } }]],
    [[{ ...guest, reference: { ...reference, host: 7 } }]],
    [[guest, { ...guest, access: 1 }]],
  ])('none: %j', (wire) => {
    expect(failureOf(() => guestsFromWire(wire))?.kind).toBe('usage');
  });
});

describe('an entry', () => {
  const connection = {
    pid: 1,
    address: '::1',
    access: 'read-only',
    fingerprint: 'SHA256:x',
    joinedAt: '2026-05-01T00:00:00Z',
  };
  const entry = {
    id: 'aaaaaaaaaaaa',
    session: 'pair',
    status: 'live',
    startedAt: '2026-05-01T00:00:00Z',
    deadline: '2026-05-01T04:00:00Z',
    remainingSeconds: 3,
    door: 'system',
    sshCommand: 'ssh a@b',
    routes: [{ reach: 'internet', sshCommand: 'ssh a@b' }],
    supervisorPid: 3,
    socket: '/run/x',
    shared: false,
    trouble: [{ kind: 'no-clock' }],
    guests: [
      {
        label: 'ada',
        reference: 'file:/x',
        access: 'read-only',
        keys: [{ type: 'a', fingerprint: 'b' }],
        connections: [connection],
      },
    ],
  };

  test('is taken as it is', () => {
    expect(parsePairingInfo(entry)).toEqual(entry);
  });

  test('has no trouble but what is known here, and none where an earlier version sends none', () => {
    const trouble = [...entry.trouble, { kind: 'of-tomorrow' }, { kind: 'lines-missing', path: 1 }];
    expect(parsePairingInfo({ ...entry, trouble })).toEqual(entry);
    expect(parsePairingInfo({ ...entry, trouble: undefined })).toEqual({ ...entry, trouble: [] });
  });

  test.each([
    [undefined],
    [null],
    [[]],
    [{ ...entry, id: '../../etc' }],
    [{ ...entry, startedAt: 1 }],
    [{ ...entry, remainingSeconds: '3' }],
    [{ ...entry, guests: {} }],
    [{ ...entry, guests: [null] }],
    [{ ...entry, guests: [{ ...entry.guests[0], keys: undefined }] }],
    [{ ...entry, guests: [{ ...entry.guests[0], connections: [{ ...connection, address: 1 }] }] }],
  ])('none: %j', (value) => {
    expect(parsePairingInfo(value)).toBeUndefined();
  });
});
