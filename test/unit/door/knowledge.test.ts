import { expect, test } from 'vitest';
import { fromPlain, type Knowledge, toPlain } from '../../../src/door/knowledge.ts';

const knowledge: Knowledge = {
  greeting: { kind: 'openssh', text: 'SSH-2.0-OpenSSH_9.2p1 Debian-2', version: [9, 2] },
  host: '127.0.0.1',
  at: ['0.0.0.0'],
  configFile: '/etc/ssh/sshd_config',
  settings: {
    outlooks: [
      { settings: new Map([['port', ['22', '2222']]]) },
      { settings: new Map([['permittty', ['no']]]), when: 'Match Address 10.0.0.0/8' },
    ],
    unresolved: ['Match exec x'],
    args: ['-f', '/etc/ssh/sshd_config'],
    pid: 7,
    uid: 0,
  },
  groups: ['ada', 'staff'],
  shown: [],
};

const kept = (): Record<string, unknown> => JSON.parse(JSON.stringify(toPlain(knowledge)));

test('what was learned is the same when it is read again', () => {
  expect(fromPlain(kept())).toEqual(knowledge);
  const { settings: _, at: __, ...less } = knowledge;
  expect(fromPlain(toPlain(less))).toEqual(less);
  const other: Knowledge = { ...less, greeting: { kind: 'other', text: 'SSH-2.0-Go' } };
  expect(fromPlain(toPlain(other))).toEqual(other);
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['a list', []],
  ['no greeting', { ...kept(), greeting: 7 }],
  ['the greeting of nobody', { ...kept(), greeting: '' }],
  ['groups that are none', { ...kept(), groups: [7] }],
  ['an address that is none', { ...kept(), at: [22] }],
  ['no configuration file', { ...kept(), configFile: undefined }],
  ['settings that are none', { ...kept(), settings: 'Port 22' }],
  ['no outlook', { ...kept(), settings: { ...(kept().settings as object), outlooks: [] } }],
  ['a keyword without values', { ...kept(), settings: { outlooks: [{ settings: [['port']] }] } }],
  ['an owner that is no number', { ...kept(), settings: { ...(kept().settings as object), uid: '0' } }],
])('%s is not believed', (_, value) => {
  expect(fromPlain(value)).toBeUndefined();
});
