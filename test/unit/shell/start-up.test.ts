import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nameOfShell, startUpFiles, startUpOf } from '../../../src/shell/start-up.ts';

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
  write('.more', '. ~/.aliases # round and round\n[ ! -e ~/.later ] || . ~/.later\n');
  write('.bashrc.d/10-tmux', 'tmux attach\n');
  const { paths: files, isWhole } = startUpFiles('/bin/bash', [`HOME=${home}`]);
  expect(isWhole).toBe(true);
  for (const name of ['.bashrc', '.aliases', '.work', '.more', '.bashrc.d', '.bashrc.d/10-tmux', '.later'])
    expect(files).toContain(join(home, name));
  expect(files).toEqual(expect.arrayContaining(['/bin/bash', '/etc/bash.bashrc', '/etc/ssh/sshrc']));
  expect(files.filter((file) => /nowhere|\/usr\/bin\/ls/.test(file))).toEqual([]);
  expect(startUpFiles('/bin/zsh', [`HOME=${home}`]).paths).toContain(join(home, '.zshenv'));
});

test.each([
  ['/bin/bash', '.bashrc', '$-'],
  ['/bin/rbash', '.bashrc', '$-'],
  ['/usr/bin/zsh', '.zshenv', 'interactive'],
  ['/usr/local/bin/fish', '.config/fish/config.fish', 'is-interactive'],
  ['/bin/tcsh', '.cshrc', '$?prompt'],
])('%s begins with ~/%s, and is kept from it by %s', (shell, file, guard) => {
  const { own, guard: text } = startUpOf(shell, ['HOME=/home/ada']);
  expect(own).toContain(`/home/ada/${file}`);
  expect(text).toContain(guard);
});

test.each(['/bin/dash', '/bin/mksh', '/usr/bin/nu'])('of %s nothing is known', (shell) => {
  expect(startUpOf(shell, ['HOME=/home/ada'])).toEqual({ own: [], shared: [] });
});

test.each([
  ['/bin/zsh', 'ZDOTDIR=/srv/z', '/srv/z/.zshenv'],
  ['/usr/bin/fish', 'XDG_CONFIG_HOME=/srv/c', '/srv/c/fish/config.fish'],
  ['/usr/bin/fish', 'XDG_DATA_DIRS=/srv/d:/usr/share', '/srv/d/fish/vendor_conf.d'],
  ['/bin/bash', 'BASH_ENV=/srv/b', '/srv/b'],
  ['/bin/bash', 'HOME=/srv/h', '/srv/h/.bashrc'],
])('%s with %s begins with %s', (shell, entry, file) => {
  const { own, shared } = startUpOf(shell, ['HOME=/home/ada', entry]);
  expect([...own, ...shared]).toContain(file);
});

test('a folder of which all is named counts with what is in it, and of too much not all does', () => {
  write('.zshenv', 'for file in $ZDOTDIR/parts/*.zsh; do . $file; done\n');
  write('parts/one.zsh', ':\n');
  const environment = [`HOME=/nowhere`, `ZDOTDIR=${home}`];
  const { paths, isWhole } = startUpFiles('/bin/zsh', environment);
  expect(paths).toEqual(expect.arrayContaining([join(home, 'parts'), join(home, 'parts/one.zsh')]));
  expect(isWhole).toBe(true);
  for (let n = 0; n < 300; n++) write(`parts/${n}.zsh`, ':\n');
  expect(startUpFiles('/bin/zsh', environment).isWhole).toBe(false);
});

test('a shell calls itself by its last name, as sshd has it, unless that is another program', () => {
  expect(nameOfShell('/bin/sh', ['PATH=/usr/bin:/bin'])).toBe('sh');
  const own = write('sh', '#!/bin/sh\n');
  expect(nameOfShell(own, ['PATH=/usr/bin:/bin'])).toBe(own);
});
