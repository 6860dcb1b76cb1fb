/** The command that fixes what the doctor has found. */
import { basename } from 'node:path';
import type { Finding, Machine } from '../doctor/finding.ts';
import type { Doubt } from '../domain/doubt.ts';
import type { Obstacle } from '../domain/obstacle.ts';
import { shWord } from '../domain/sh-word.ts';
import { mendOf as keychainMend } from './keyring-words.ts';
import { isShared } from './obstacle-words.ts';
import { blockHint } from './shell-words.ts';
import { describeFailure } from './words.ts';

/** A command to be run as it is or, if there is none, what to do; `undefined` if all is well. */
export function fixFor(finding: Finding, machine: Machine): string | undefined {
  switch (finding.kind) {
    case 'program':
      return installed(finding.program, machine) ?? describeFailure(finding.failure).hint;
    case 'sshd-silent':
      return startSshd(finding.port, machine);
    case 'doubt':
      return doubtMend(finding.doubt, machine);
    case 'obstacle':
      return obstacleMend(finding, machine);
    case 'no-terminals':
      return asRoot(finding.command, machine);
    case 'shell':
      return shellMend(finding, machine);
    case 'gate-not-reached':
      return blockHint(finding.block, false);
    case 'run-directory-refused':
      return describeFailure(finding.failure).hint;
    case 'keychain':
      return finding.trouble && keychainMend(finding.trouble);
    case 'forge':
      return finding.failure && describeFailure(finding.failure).hint;
    case 'no-login':
      return loginMend(finding, machine);
    case 'sshd-answers':
      return finding.asked ? undefined : 'nothing to do, if the login below succeeds';
    case 'tmux':
    case 'ssh':
    case 'sshd':
    case 'terminals':
    case 'run-directory':
    case 'login':
      return undefined;
    default:
      return finding satisfies never;
  }
}

function installed(program: 'tmux' | 'ssh' | 'sshd', machine: Machine): string | undefined {
  const { installer } = machine;
  if (!installer) return undefined;
  const command = `${installer.command} ${installer.packages[program]}`;
  return installer.needsRoot ? asRoot(command, machine) : command;
}

/** An account whose shell lets nobody in was made so on purpose. */
function shellMend({ trouble }: Finding & { kind: 'shell' }, machine: Machine): string | undefined {
  if (trouble === 'refuses') return 'use another account: this one is kept from logging in';
  return trouble && asRoot(`chsh -s /bin/sh ${shWord(machine.user)}`, machine);
}

function startSshd(port: number, machine: Machine): string {
  if (machine.services === 'launchd') return asRoot('systemsetup -setremotelogin on', machine);
  if (machine.services === 'systemd')
    return asRoot('systemctl enable --now ssh || systemctl enable --now sshd', machine);
  const at = port === 22 ? '' : ` -p ${port}`;
  return asRoot(`mkdir -p /run/sshd && ${machine.sshd}${at}`, machine);
}

function doubtMend(doubt: Doubt, machine: Machine): string | undefined {
  switch (doubt.kind) {
    case 'other-server':
    case 'no-greeting':
      return "name your sshd's own port with --port, or pass --door private";
    case 'refusing':
      return 'wait a minute and run it again; PerSourcePenaltyExemptList 127.0.0.0/8,::1/128 in sshd_config keeps it from happening';
    case 'settings-unread':
    case 'login-failed':
      return `see why: ${asRoot(logCommand(machine), machine)}; or pass --door private`;
    case 'environment-taken':
      return 'pass --door private: that sshd takes no variables from guests';
    case 'key-accepted':
      return 'pass --door private: that sshd knows the keys of your guests and nothing else';
    case 'environment-unsure':
    case 'settings-assumed':
      return 'nothing to do, if the login below succeeds';
    case 'settings-stale':
      return asRoot(
        `${shWord(machine.sshd)} -t -f ${shWord(doubt.configFile)} && ${reload(undefined, machine)}`,
        machine,
      );
    case 'loopback-only':
    case 'reached-nowhere':
      return 'pass --via JUMP or --door private, or --host NAME if that port is forwarded from elsewhere';
    case 'login-untried':
      return describeFailure(doubt.failure).hint;
    case 'types-untried':
      return 'ask your guest to try it, or pass --door private';
    default:
      return doubt satisfies never;
  }
}

/** Shows what sshd says of logins. */
function logCommand({ services }: Machine): string {
  if (services === 'systemd') return 'journalctl -n 20 -t sshd -t sshd-session';
  if (services === 'launchd') return `log show --last 5m --predicate 'process == "sshd"'`;
  return 'tail -n 20 /var/log/auth.log';
}

function obstacleMend(
  { obstacle, configFile, keyFile, pid }: Finding & { kind: 'obstacle' },
  machine: Machine,
): string {
  const setting = settingFor(obstacle, keyFile);
  if (obstacle.when !== undefined)
    return `see what ${configFile} has below ${obstacle.when}, or pass --door private`;
  if (setting !== undefined) {
    // A block for this account alone. Of the blocks in a file that match, the first counts.
    const block = `printf '\\n%s\\n%s\\n' ${shWord(`Match User ${machine.user}`)} ${shWord(`    ${setting}`)} >>${shWord(configFile)}`;
    // An sshd that is told to read what it does not understand exits, and locks everybody out.
    const check = `${shWord(machine.sshd)} -t -f ${shWord(configFile)}`;
    return asRoot(`${block} && ${check} && ${reload(pid, machine)}`, machine);
  }
  switch (obstacle.kind) {
    case 'modes':
      return chmod(obstacle, keyFile, machine);
    case 'owner':
      return isAtHome(obstacle.path, machine)
        ? asRoot(`chown ${shWord(machine.user)} ${shWord(obstacle.path)}`, machine)
        : notOurs;
    case 'keys-refused':
    case 'some-keys-refused':
      if (obstacle.setting.startsWith('RevokedKeys '))
        return 'ask your guest for another key: whoever runs this machine has had that one refused';
      return 'ask your guest for a longer key, or an ed25519 one, or pass --door private';
    case 'keys-command':
    case 'user-ca':
    case 'unread-key-file':
    case 'unread-settings':
    case 'unresolved-match':
    case 'guest-environment':
    case 'other-environment':
    case 'user-environment':
      return 'pass --door private: that sshd knows the keys of your guests and nothing else';
    case 'hosts-limited':
      return `see that ${configFile} lets your guest's host in, or pass --door private`;
    case 'ports-refused':
      return 'pass --door private, whose sshd forwards what you name by --forward';
    case 'may-obey':
      return `put quotes around ${obstacle.variable} there, and take it out of what is calculated or evaluated`;
    case 'may-divert':
    case 'may-end':
      return isShared(obstacle.path)
        ? `ask whoever runs this machine to have ${obstacle.path} do that at a prompt only`
        : 'pass --door private: that sshd has no start-up file of yours read';
    case 'source-rules':
      return `see that ${obstacle.path} lets your guest's address in`;
    case 'revoked-unread':
      return 'have your guest try, or pass --door private';
    case 'few-tries':
      return 'tell guests with many keys to add -i KEY -o IdentitiesOnly=yes to their line';
    // Somebody has decided this for all who use this account: undoing it would open more than a guest needs.
    case 'root-refused':
    case 'forced-command':
    case 'chroot':
    case 'other-methods':
      return notOurs;
    case 'user-refused':
      return `ask whoever runs this machine to let ${machine.user} in by ${obstacle.by}, or pass --door private`;
    default:
      return `take ${machine.user} out of what ${configFile} refuses, or pass --door private`;
  }
}

/** The line of sshd's configuration that removes an obstacle, if there is one. */
function settingFor(obstacle: Obstacle, keyFile: string): string | undefined {
  switch (obstacle.kind) {
    case 'keys-off':
      return 'PubkeyAuthentication yes';
    case 'other-key-file':
      return `AuthorizedKeysFile ${[keyFile.replaceAll('%', '%%'), ...obstacle.files].join(' ')}`;
    case 'no-terminals':
      return 'PermitTTY yes';
    case 'all-refused':
      return { 'MaxSessions 0': 'MaxSessions 10', 'MaxAuthTries 0': 'MaxAuthTries 6' }[obstacle.setting];
    case 'keys-refused':
    case 'some-keys-refused':
      if (obstacle.setting.startsWith('RevokedKeys ')) return undefined;
      return obstacle.rsaBits === undefined ? `${obstacle.setting} +${signing(obstacle.types)}` : undefined;
    case 'modes':
    case 'owner':
    case 'user-refused':
    case 'root-refused':
    case 'forced-command':
    case 'chroot':
    case 'other-methods':
    // Taking these away could lock somebody out, even the host.
    case 'keys-command':
    case 'user-ca':
    case 'unread-key-file':
    case 'unread-settings':
    case 'unresolved-match':
    case 'guest-environment':
    case 'other-environment':
    case 'user-environment':
    case 'hosts-limited':
    case 'few-tries':
    case 'ports-refused':
    case 'may-divert':
    case 'may-end':
    case 'may-obey':
    case 'source-rules':
    case 'revoked-unread':
      return undefined;
    default:
      return obstacle satisfies never;
  }
}

/** The algorithms that keys of these types sign with. */
function signing(types: readonly string[]): string {
  return types.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type])).join(',');
}

function reload(pid: number | undefined, { services }: Machine): string {
  if (pid !== undefined) return `kill -HUP ${pid}`;
  if (services === 'systemd') return '{ systemctl reload ssh || systemctl reload sshd; }';
  if (services === 'launchd') return 'launchctl kickstart -k system/com.openssh.sshd';
  return 'kill -HUP "$(cat /run/sshd.pid)"';
}

const notOurs = 'pass --door private, whose sshd does not depend on it';

/** Anything above or beside the home folder is others' business, too. */
function isAtHome(path: string, { home }: Machine): boolean {
  return home !== '/' && `${path}/`.startsWith(`${home}/`);
}

function chmod({ path, uid }: Obstacle & { kind: 'modes' }, keyFile: string, machine: Machine): string {
  if (!isAtHome(path, machine)) return notOurs;
  const mode = path === keyFile ? '600' : basename(path) === '.ssh' ? '700' : 'go-w';
  const command = `chmod ${mode} ${shWord(path)}`;
  return uid === 0 ? asRoot(command, machine) : command;
}

function loginMend(finding: Finding & { kind: 'no-login' }, machine: Machine): string | undefined {
  const { failure, log } = finding;
  if (failure) return describeFailure(failure).hint;
  if (log.some((line) => /account is locked/.test(line))) {
    const user = shWord(machine.user);
    // A locked entry may hold a password, which comes back. An entry without one becomes one that nobody can give.
    const isStill = `grep -q ${shWord(`^${machine.user}:!`)} /etc/shadow`;
    return asRoot(`usermod -U ${user}; ! ${isStill} || usermod -p '*' ${user}`, machine);
  }
  return finding.door === 'system'
    ? `see what fails above; if nothing does, see why: ${asRoot(logCommand(machine), machine)}`
    : 'see what fails above; if nothing does, run it again with --debug';
}

/** Puts one command behind sudo as it is; several need a shell there. */
function asRoot(command: string, { isRoot }: Machine): string {
  if (isRoot) return command;
  return /[|&;<>$]/.test(command) ? `sudo sh -c ${shWord(command)}` : `sudo ${command}`;
}
