import { expect, test } from 'vitest';
import { installers, installersOf } from '../../src/domain/packages.ts';

test.each<[string, string, string[]]>([
  ['Debian', 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nID=debian\n', ['apt-get']],
  ['Ubuntu', 'ID=ubuntu\nID_LIKE=debian\n', ['apt-get']],
  ['Mint', 'ID=linuxmint\nID_LIKE="ubuntu debian"\n', ['apt-get']],
  ['Fedora', 'ID=fedora\nVERSION_ID=41\n', ['dnf', 'yum']],
  ['Rocky', 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', ['dnf', 'yum']],
  ['Amazon Linux', 'ID="amzn"\nID_LIKE="fedora"\n', ['dnf', 'yum']],
  ['openSUSE', 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', ['zypper']],
  ['Arch', 'ID=arch\n', ['pacman']],
  ['Manjaro', "ID=manjaro\nID_LIKE='arch'\n", ['pacman']],
  ['Alpine', 'NAME="Alpine Linux"\nID=alpine\n', ['apk']],
  ['NixOS', 'ID=nixos\n', []],
  ['nothing', '', []],
])('M3: what installs on %s', (_, text, names) => {
  expect(installersOf(text)).toEqual(names);
  for (const name of names) expect(installers[name]?.command).toContain(name);
});
