/** The environment that PAM gives a login before its shell starts: what pam_env(8) reads, and from which files. */
import { join } from 'node:path';
import type { Account } from '../system/account.ts';
import { type Files, type PamModule, pamStack } from './pam-stack.ts';

export interface PamEnvironment {
  readonly set: ReadonlyMap<string, string>;
  /** Files that it comes from, whether or not they exist. */
  readonly files: readonly string[];
  /**
   * What may set variables that shells obey, and can't be followed: files, or modules with the files that name them.
   */
  readonly unsure: readonly string[];
}

/** These set no variable that a shell obeys, whatever their arguments. */
const harmless = new Set(
  `access apparmor cap cgfs cgroup canonicalize_user ck_connector cracklib debug deny duo echo ecryptfs elogind exec
  faildelay faillock fprintd fscrypt ftp gdm gnome_keyring google_authenticator group issue keyinit krb5 krb5_ccreds
  kwallet kwallet5 lastlog lastlog2 launchd ldap limits listfile localuser loginuid mail mkhomedir motd mount namespace
  nologin ntlm oath oddjob_mkhomedir opendirectory passwdqc permit pkcs11 postgresok pwhistory pwquality radius radius_auth
  rhosts rootok sacl securetty selinux sepermit shells slurm slurm_adopt sss stress succeed_if systemd systemd_home systemd_loadkey
  tacplus tally tally2 time timestamp tmpdir tty_audit u2f umask unix unix_acct unix_auth unix_passwd unix_session
  usertype userdb uwtmp warn wheel winbind wtmpdb xauth yubico`
    .split(/\s+/)
    .map((name) => `pam_${name}`),
);

/** Whether a variable tells shells what to read or run first. */
export function steers(name: string): boolean {
  return /^(HOME|ZDOTDIR|XDG_(CONFIG|DATA)_(HOME|DIRS)|BASH_ENV|ENV|SHLVL|SHELLOPTS|BASHOPTS|BASH_FUNC_.*|LD_.*|DYLD_.*)$/.test(
    name,
  );
}

/** Where systemd keeps records of users, which may hold variables that its modules set. */
function userRecords({ name, home }: Account): string[] {
  const folders = ['/etc/userdb', '/run/userdb', '/run/host/userdb', '/usr/lib/userdb'];
  return [...folders.map((folder) => join(folder, `${name}.user`)), join(home, '.identity')];
}

/** What a login to the account gets from the service of PAM that sshd names. */
export function pamEnvironment(service: string, account: Account, disk: Files): PamEnvironment {
  const { modules, files, unread } = pamStack(service, disk);
  const all = new Set(files);
  const state: State = { set: new Map(), unsure: new Set(unread), account };
  const noted: Files = {
    read: (path) => {
      all.add(path);
      return disk.read(path);
    },
    list: (path) => {
      all.add(path);
      return disk.list(path);
    },
  };
  for (const module of modules) {
    const { name, path } = module;
    if (name === 'pam_env') readAll(module, state, noted);
    else if (!harmless.has(name)) state.unsure.add(`${name} in ${path}`);
    if (name === 'pam_systemd' || name === 'pam_systemd_home')
      for (const record of userRecords(account))
        if (noted.read(record) !== 'missing') state.unsure.add(record);
  }
  return { set: state.set, files: [...all], unsure: [...state.unsure] };
}

interface State {
  readonly set: Map<string, string>;
  readonly unsure: Set<string>;
  readonly account: Account;
}

/** What one line with pam_env makes it read: its table, a file of plain variables, a table of the user's. */
function readAll({ args, maySkip, path }: PamModule, state: State, disk: Files): void {
  const { read, list } = disk;
  const { home } = state.account;
  const option = (name: string): string | undefined =>
    args.findLast((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1) || undefined;
  const before = new Map(state.set);
  const table = option('conffile');
  readTable(table ?? '/etc/security/pam_env.conf', state, read);
  // Newer versions read more tables here, after it or instead.
  const more = '/etc/security/pam_env.conf.d';
  if (table === undefined && list(more).some((name) => name.endsWith('.conf'))) state.unsure.add(more);
  if (Number(option('readenv') ?? 1) !== 0)
    readVariables(option('envfile') ?? '/etc/environment', state, read);
  const own = join(home, option('user_envfile') ?? '.pam_environment');
  if (Number(option('user_readenv') ?? 0) !== 0) readTable(own, state, read);
  if (!maySkip) return;
  const changed = [...state.set].some(([name, value]) => steers(name) && before.get(name) !== value);
  if (changed) state.unsure.add(`pam_env in ${path}`);
}

/** Lines of `NAME=value`, as in `/etc/environment`. */
function readVariables(path: string, { set, unsure }: State, read: Files['read']): void {
  const found = read(path);
  if (found === 'unread') unsure.add(path);
  if (typeof found === 'string') return;
  for (const line of joinedLines(found.text)) {
    const [, name = '', raw] = /^(?:export )?([A-Za-z0-9_]+)(?:=(.*))?$/.exec(line) ?? [];
    if (name === '') continue;
    if (raw === undefined) {
      set.delete(name);
      continue;
    }
    const [, quoted] = /^(["'])([^"'\\]*)\1$/.exec(raw)?.slice(1) ?? [];
    // Versions differ in quotes within.
    if (quoted === undefined && /["'\\]/.test(raw) && steers(name)) unsure.add(path);
    set.set(name, quoted ?? raw.replaceAll(/["']/g, ''));
  }
}

/** Lines of `NAME [DEFAULT=value] [OVERRIDE=value]`, as in `/etc/security/pam_env.conf`. */
function readTable(path: string, state: State, read: Files['read']): void {
  const { set, unsure } = state;
  const found = read(path);
  if (found === 'unread') unsure.add(path);
  if (typeof found === 'string') return;
  const option = /[ \t]+(DEFAULT|OVERRIDE)=("[^"]*"(?=[ \t]|$)|(?!")\S*)/g;
  for (const line of joinedLines(found.text)) {
    const [name = ''] = line.split(/[ \t]/);
    const rest = line.slice(name.length);
    if (rest.replaceAll(option, '').trim() !== '') continue; // Such a line is refused as a whole.
    const [, plain, value] = /^([^=]+)=(.*)$/.exec(name) ?? [];
    if (plain !== undefined && rest === '') {
      set.set(plain, value ?? ''); // Not the documented form, but it works.
      continue;
    }
    const options = new Map([...rest.matchAll(option)].map(([, word = '', text = '']) => [word, text]));
    const expanded = (word: string): string | undefined => {
      const text = options.get(word);
      if (text === undefined || text === '') return undefined;
      return expand(text.replace(/^"(.*)"$/, '$1'), state, () => {
        if (steers(name)) unsure.add(path);
      });
    };
    const result = expanded('OVERRIDE') || expanded('DEFAULT');
    if (result === undefined) set.delete(name);
    else set.set(name, result);
  }
}

/** Expands `${NAME}` of what PAM has set so far, and `@{ITEM}` of what it knows of the login. */
function expand(text: string, { set, account }: State, onUnknown: () => void): string {
  const items: Readonly<Record<string, string>> = {
    PAM_USER: account.name,
    PAM_TTY: 'ssh',
    PAM_RHOST: '203.0.113.1',
    PAM_RUSER: '',
    HOME: account.home,
    SHELL: account.shell,
  };
  return text.replaceAll(/\\([$@])|\\|([$@])\{([^}]*)\}/g, (_, escaped, sign, name) => {
    if (sign === undefined) return escaped ?? '';
    const value = sign === '$' ? set.get(name) : items[name];
    if (value === undefined) onUnknown();
    return value ?? '';
  });
}

/** Lines without comments, which may begin anywhere. A line that ends in a backslash is joined with the next. */
function joinedLines(text: string): string[] {
  return text
    .replaceAll(/\\[ \t]*\n[ \t]*/g, '')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}
