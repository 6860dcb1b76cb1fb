/** The configuration of a private sshd, as text, by version of sshd. */
import { isAtLeast, type SshdVersion } from './sshd-version.ts';

export interface DoorConfig {
  readonly version: SshdVersion;
  /** Absolute, without quotes and backslashes. */
  readonly hostKeyFile: string;
  readonly keyFile: string;
  /** The only account that can be logged in to. */
  readonly user: string;
  /** An empty, writable folder, in which the login shell finds no start-up file. Its path is a safe token. */
  readonly emptyHome: string;
  /** Ports of this machine that guests may reach, or `any`. */
  readonly forward: readonly number[] | 'any';
}

/**
 * What a key's options refuse is refused here a second time. StrictModes is off: it refuses any folder below a sticky
 * one, such as `/tmp`. The lease's folder is ours alone, and the run directory was checked up to `/` when it was
 * opened. UsePAM is off, even for root: PAM's modules could set what the login shell obeys before the gate, move a
 * connection out of its process group, or refuse by rules that nobody has tried. So sshd itself refuses a locked
 * account (see `private-door-bar.ts`). The time to log in is OpenSSH's own two minutes, in which a guest is to compare
 * a fingerprint. Waiting guests and those whose network is gone are noticed after 45 s.
 */
export function doorConfig(config: DoorConfig): string {
  const { version, hostKeyFile, keyFile, user, emptyHome, forward } = config;
  const set = withoutStartUp(version, emptyHome);
  const lines = [
    `HostKey "${hostKeyFile}"`,
    `AuthorizedKeysFile "${keyFile.replaceAll('%', '%%')}"`,
    // A pattern: each character that could have a special meaning becomes one that stands for any.
    `AllowUsers ${user.replaceAll(/[^A-Za-z0-9_.-]/g, '?')}`,
    'PubkeyAuthentication yes',
    'AuthenticationMethods publickey',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'HostbasedAuthentication no',
    'PermitRootLogin forced-commands-only',
    'UsePAM no',
    'StrictModes no',
    'LoginGraceTime 120',
    // A guest may have many keys in their agent, and sshd counts each.
    'MaxAuthTries 20',
    'MaxSessions 1',
    'ClientAliveInterval 15',
    'ClientAliveCountMax 3',
    'PermitUserEnvironment no',
    'PermitUserRC no',
    'PermitTunnel no',
    'AllowAgentForwarding no',
    'X11Forwarding no',
    'GatewayPorts no',
    'PrintMotd no',
    'PrintLastLog no',
    'PidFile none',
    'LogLevel VERBOSE',
    ...(set.length > 0 ? [`SetEnv ${set.join(' ')}`] : []),
    ...forwarding(version, forward),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/**
 * The variables that it sets, for login shells to find no start-up file of the user's: most look in HOME; bash reads
 * none below another shell. None if this sshd can set nothing. AcceptEnv is left out, so guests add nothing to them.
 * The gate restores them.
 */
export function withoutStartUp(version: SshdVersion, emptyHome: string): string[] {
  if (!isAtLeast(version, [7, 8])) return [];
  return [`HOME=${emptyHome}`, 'SHLVL=1', `ZDOTDIR=${emptyHome}`, `XDG_CONFIG_HOME=${emptyHome}`];
}

function forwarding(version: SshdVersion, forward: DoorConfig['forward']): string[] {
  if (forward === 'any') return ['AllowTcpForwarding yes', 'AllowStreamLocalForwarding yes'];
  const listen = isAtLeast(version, [7, 8]) ? ['PermitListen none'] : [];
  if (forward.length > 0) {
    const open = forward.flatMap((port) => [`127.0.0.1:${port}`, `localhost:${port}`]);
    return [
      'AllowTcpForwarding local',
      // What a guest calls localhost is then 127.0.0.1, and never ::1.
      'AddressFamily inet',
      'AllowStreamLocalForwarding no',
      `PermitOpen ${open.join(' ')}`,
      ...listen,
    ];
  }
  return [
    'DisableForwarding yes',
    'AllowTcpForwarding no',
    'AllowStreamLocalForwarding no',
    'PermitOpen none',
    ...listen,
    // Without it a connection held open with `ssh -N` stays until the end.
    ...(isAtLeast(version, [9, 2]) ? ['UnusedConnectionTimeout 1m'] : []),
  ];
}
