import { plainForge } from './plain-forge.ts';

export const launchpad = plainForge({
  title: 'Launchpad',
  aliases: ['lp'],
  username: {
    what: 'Launchpad username',
    pattern: /^[A-Za-z0-9][A-Za-z0-9+.-]*$/,
    longest: 64,
    allowed: 'letters and digits, then + . and - too, not digits alone',
  },
  tilde: true,
  home: { address: 'https://launchpad.net', variable: 'LAUNCHPAD_URL' },
  path: (name) => `/~${name}/+sshkeys`,
});
