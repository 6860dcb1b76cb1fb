import { plainForge } from './plain-forge.ts';

export const sourcehut = plainForge({
  title: 'sourcehut',
  aliases: ['srht'],
  username: {
    what: 'sourcehut username',
    pattern: /^[A-Za-z_][A-Za-z0-9_-]+$/,
    longest: 30,
    allowed: 'a letter or _, then letters, digits, _ and -, 2 to 30 in all',
  },
  tilde: true,
  home: { address: 'https://meta.sr.ht', variable: 'SOURCEHUT_URL' },
  path: (name) => `/~${name}.keys`,
});
