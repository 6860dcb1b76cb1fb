import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { parseJump, showJump } from '../../../src/domain/jump.ts';
import { sshCommand, sshCommandVia } from '../../../src/door/ssh-command.ts';

test.each([
  ['jump', { host: 'jump' }],
  ['ada@jump.example.org', { user: 'ada', host: 'jump.example.org' }],
  ['jump:2222', { host: 'jump', port: 2222 }],
  ['a.b-c_d@192.0.2.1:22', { user: 'a.b-c_d', host: '192.0.2.1', port: 22 }],
  ['[2001:db8::1]:2222', { host: '2001:db8::1', port: 2222 }],
])('--via %s', (text, jump) => {
  expect(parseJump(text)).toEqual(jump);
});

test.each([
  '',
  '-oProxyCommand=x',
  'a b',
  'a@b@c',
  'jump:0',
  'jump:65536',
  'jump:',
  '2001:db8::1',
  '$(x)',
  'a/b',
  '@x',
  'x,y',
])('--via %j is refused', (text) => {
  expect(() => parseJump(text)).toThrow('usage');
});

test('a jump host as ssh -J takes it', () => {
  expect(showJump({ host: 'jump', port: 22 })).toBe('jump');
  expect(showJump({ user: 'me', host: '2001:db8::1', port: 2222 })).toBe('me@[2001:db8::1]:2222');
});

test('the line is short where it can be, and whole for any name', () => {
  expect(sshCommand({ user: 'ada', host: 'workbench', port: 22 })).toBe('ssh ada@workbench');
  expect(sshCommand({ user: 'ada', host: '2001:db8::1', port: 2222 })).toBe('ssh -p 2222 ada@2001:db8::1');
  expect(sshCommandVia([{ host: 'jump' }], { user: 'ada', port: 40_001, alias: 'workbench' })).toBe(
    'ssh -J jump -p 40001 -o HostKeyAlias=workbench ada@127.0.0.1',
  );
  const odd = sshCommand({ user: "DOM\\o'x", host: 'h', port: 22 });
  expect(execFileSync('sh', ['-c', odd.replace(/^ssh/, 'printf %s')], { encoding: 'utf8' })).toBe(
    "DOM\\o'x@h",
  );
});

test('N10: the line brings the ports that a guest may reach to their side', () => {
  const place = { user: 'ada', host: 'workbench', port: 22 };
  expect(sshCommand(place, [3000, 80])).toBe('ssh -L 3000:localhost:3000 -L 8080:localhost:80 ada@workbench');
  expect(sshCommandVia([{ host: 'jump' }], { user: 'ada', port: 40_001, alias: 'workbench' }, [3000])).toBe(
    'ssh -J jump -p 40001 -o HostKeyAlias=workbench -L 3000:localhost:3000 ada@127.0.0.1',
  );
});
