/**
 * Rules by which a login depends on where it comes from: a trial from this machine does not show what happens to
 * others.
 */
import type { Obstacle } from '../domain/obstacle.ts';
import type { Settings } from '../domain/sshd-settings.ts';
import { diskFiles, pamServiceOf } from '../shell/login-environment.ts';
import { type Files, pamStack } from '../shell/pam-stack.ts';

/** What TCP wrappers call sshd, alone or among others: `sshd`, `ALL`, `sshd@192.0.2.1`. */
const daemons = /(^|[\s,])(ALL|sshd(-session)?)(@\S*)?(?=[\s,]|$)/i;

/** The first rule in each file that may refuse some addresses. @param settings absent while they are not known */
export function sourceRules(settings: Settings | undefined, files: Files = diskFiles): Obstacle[] {
  return [...wrapperRules(files), ...accessRules(settings, files), ...moduleRules(settings, files)];
}

/** The rules of TCP wrappers, which hold for any sshd that was built with them, a private one, too. */
export function wrapperRules(files: Files = diskFiles): Obstacle[] {
  return [
    ...firstIn('/etc/hosts.deny', files, (line) => daemons.test(line.split(':')[0] ?? '')),
    ...firstIn('/etc/hosts.allow', files, (line) => {
      const [names = '', ...rest] = line.split(':');
      return daemons.test(names) && rest.some((option) => /^\s*(deny|twist)\b/i.test(option));
    }),
  ];
}

function accessRules(settings: Settings | undefined, files: Files): Obstacle[] {
  const service = pamServiceOf(settings);
  if (service === undefined) return [];
  const { modules } = pamStack(service, files, ['auth', 'account']);
  const paths = modules
    .filter(({ name }) => name === 'pam_access')
    .map(
      ({ args }) =>
        args.find((arg) => arg.startsWith('accessfile='))?.slice(11) ?? '/etc/security/access.conf',
    );
  return [...new Set(paths)].flatMap((path) => firstIn(path, files, (line) => /^[-+]/.test(line)));
}

/** They let an account in, or not, wherever the login comes from; `pam_access` is checked by its rules. */
const regardless =
  /^pam_(access|cap|debug|deny|duo|echo|env|faildelay|faillock|fscrypt|gnome_keyring|google_authenticator|group|keyinit|krb5|kwallet5?|lastlog2?|ldap|limits|localuser|loginuid|mail|mkhomedir|motd|mount|namespace|nologin|opendirectory|oslogin_(admin|login)|permit|rootok|sacl|securetty|selinux|sepermit|shells|sss|systemd(_home)?|tally2?|time|tty_audit|u2f|umask|unix|userdb|usertype|warn|wheel|winbind)$/;

/** Modules that decide whether a login may go on, and may do so by where it comes from, as far as is known here. */
function moduleRules(settings: Settings | undefined, files: Files): Obstacle[] {
  const service = pamServiceOf(settings);
  if (service === undefined) return [];
  // A login by key asks the modules of `account` alone; what others say of it refuses nobody.
  const { modules, unread } = pamStack(service, files, ['account']);
  const asking = modules.filter(({ name, args }) => {
    if (name === 'pam_succeed_if') return args.some((arg) => /^rhost\b/.test(arg));
    if (name === 'pam_listfile') return args.includes('item=rhost');
    return !regardless.test(name);
  });
  return [
    ...asking.map(({ path, line, name }) => ({ kind: 'source-rules', path, line, module: name }) as const),
    ...unread.map((path) => ({ kind: 'source-rules', path }) as const),
  ];
}

/** The first line that counts; the file alone if it can't be read. */
function firstIn(path: string, { read }: Files, counts: (line: string) => boolean): Obstacle[] {
  const found = read(path);
  if (found === 'missing') return [];
  if (found === 'unread') return [{ kind: 'source-rules', path }];
  let from = 1;
  for (const line of found.text.replaceAll('\\\n', '\0').split('\n')) {
    const text = line.replaceAll('\0', ' ').trim();
    if (!text.startsWith('#') && counts(text)) return [{ kind: 'source-rules', path, line: from }];
    from += line.split('\0').length;
  }
  return [];
}
