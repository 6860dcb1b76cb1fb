import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nameOfShell, sshdEnvironment, startUpFiles, startUpOf } from '../../../src/door/start-up.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tmuxpair-start-up-'));
});
afterEach(() => rmSync(home, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(home, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

test('a shell depends on its start-up files, and on what those name, whether or not they are there', () => {
  write(
    '.bashrc',
    '. ~/.aliases\n[ -f "$HOME/.work" ] && source ${HOME}/.work\nfor f in ~/.bashrc.d/*; do . $f; done\n',
  );
  write('.aliases', "alias ll='ls -l /usr/bin/ls'\nexport PATH=$HOME/bin:$PATH\n. /nowhere/at/all\n");
  write('.work', '. ~/.more\n');
  write('.more', '. ~/.aliases # round and round\n');
  write('.bashrc.d/10-tmux', 'tmux attach\n');
  const files = startUpFiles('/bin/bash', home);
  for (const name of ['.bashrc', '.aliases', '.work', '.more', '.bashrc.d', '.bashrc.d/10-tmux'])
    expect(files).toContain(join(home, name));
  expect(files).toEqual(expect.arrayContaining(['/bin/bash', '/etc/bash.bashrc', '/etc/ssh/sshrc']));
  expect(files.filter((file) => /nowhere|\/usr\/bin\/ls|\/bin$/.test(file))).toEqual([]);
  expect(startUpFiles('/bin/zsh', home)).toContain(join(home, '.zshenv'));
});

test.each([
  ['/bin/bash', '.bashrc', '$-'],
  ['/bin/rbash', '.bashrc', '$-'],
  ['/usr/bin/zsh', '.zshenv', 'interactive'],
  ['/usr/local/bin/fish', '.config/fish/config.fish', 'is-interactive'],
  ['/bin/tcsh', '.cshrc', '$?prompt'],
])('%s begins with ~/%s, and is kept from it by %s', (shell, file, guard) => {
  const { own, guard: text } = startUpOf(shell, '/home/ada');
  expect(own).toContain(`/home/ada/${file}`);
  expect(text).toContain(guard);
});

test.each(['/bin/dash', '/bin/mksh', '/usr/bin/nu'])('of %s nothing is known', (shell) => {
  expect(startUpOf(shell, '/home/ada')).toEqual({ own: [], shared: [] });
});

test('the environment is the one of sshd, in which what it sets counts', () => {
  const ada = { name: 'ada', uid: 999_999, home: '/home/ada', shell: '/bin/zsh' };
  expect(sshdEnvironment(ada, [])).toEqual(
    expect.arrayContaining(['USER=ada', 'HOME=/home/ada', 'SHELL=/bin/zsh', 'MAIL=/var/mail/ada']),
  );
  const set = sshdEnvironment(ada, ['HOME=/run/empty', 'SHLVL=1']);
  expect(set.filter((entry) => entry.startsWith('HOME='))).toEqual(['HOME=/run/empty']);
  expect(set).toContain('SHLVL=1');
  const names = set.map((entry) => entry.replace(/=.*/, ''));
  expect(names).toEqual(expect.arrayContaining(['SSH_CLIENT', 'SSH_CONNECTION', 'PATH', 'LOGNAME']));
});

test('a shell calls itself by its last name, as sshd has it, unless that is another program', () => {
  expect(nameOfShell('/bin/sh', ['PATH=/usr/bin:/bin'])).toBe('sh');
  const own = write('sh', '#!/bin/sh\n');
  expect(nameOfShell(own, ['PATH=/usr/bin:/bin'])).toBe(own);
});
