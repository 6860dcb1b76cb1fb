/** What packages programs come in. */

/** What may have to be installed. */
export type Need = 'tmux' | 'ssh' | 'sshd' | 'ssh-keygen' | 'libsecret';

/** How to install packages here, e.g. `apt-get install`, and what each is called. */
export interface Installer {
  readonly command: string;
  readonly needsRoot: boolean;
  readonly packages: Readonly<Record<Need, string>>;
}

const openssh = {
  tmux: 'tmux',
  ssh: 'openssh',
  sshd: 'openssh',
  'ssh-keygen': 'openssh',
  libsecret: 'libsecret',
};
const debian = { ...openssh, ssh: 'openssh-client', 'ssh-keygen': 'openssh-client', sshd: 'openssh-server' };
const fedora = { ...openssh, ssh: 'openssh-clients', sshd: 'openssh-server' };

/** By the name of the package manager. */
export const installers: Readonly<Record<string, Installer>> = {
  'apt-get': root('apt-get install', { ...debian, libsecret: 'libsecret-1-0' }),
  dnf: root('dnf install', fedora),
  yum: root('yum install', fedora),
  zypper: root('zypper install', { ...fedora, 'ssh-keygen': 'openssh-common', libsecret: 'libsecret-1-0' }),
  pacman: root('pacman -S', openssh),
  apk: root('apk add', { ...debian, 'ssh-keygen': 'openssh-keygen' }),
  'xbps-install': root('xbps-install', openssh),
  brew: { command: 'brew install', needsRoot: false, packages: openssh },
};

/**
 * The package managers of a system, by the words of `ID` and `ID_LIKE` in its os-release(5). The first that is
 * installed is meant.
 */
export function installersOf(osRelease: string): string[] {
  const words = [...osRelease.matchAll(/^ID(?:_LIKE)?=["']?([^"'\n]*)/gm)].flatMap(([, ids = '']) =>
    ids.split(' '),
  );
  const families: readonly (readonly [RegExp, readonly string[]])[] = [
    [/^(debian|ubuntu)$/, ['apt-get']],
    [/^(fedora|rhel|centos|amzn)$/, ['dnf', 'yum']],
    [/^(open)?suse/, ['zypper']],
    [/^arch$/, ['pacman']],
    [/^(alpine|postmarketos)$/, ['apk']],
    [/^void$/, ['xbps-install']],
  ];
  return families.flatMap(([ids, names]) => (words.some((word) => ids.test(word)) ? names : []));
}

function root(command: string, packages: Installer['packages']): Installer {
  return { command, needsRoot: true, packages };
}
