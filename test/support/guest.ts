import { writeFile } from 'node:fs/promises';
import { type Account, makeAccount } from './account.ts';
import { makeCleanup, orUndo } from './cleanup.ts';
import type { Environment, Execution, Finished } from './execute.ts';
import { type Identity, type IdentityType, makeIdentity } from './identity.ts';
import { type Master, type MasterOptions, openMaster } from './master.ts';
import { openTerminal, type Terminal, type TerminalOptions } from './terminal.ts';

/** Where a guest connects to. */
export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

export interface GuestOptions {
  readonly destination: Destination;
  readonly type?: IdentityType | undefined;
  /** The network namespace it is in. */
  readonly network?: string | undefined;
}

export interface JoinOptions extends TerminalOptions {
  /** For ssh, before the destination: `-L …`, `-A`, `-o SendEnv=LC_ALL`. */
  readonly options?: readonly string[] | undefined;
  /** The remote command; none where not given. */
  readonly command?: readonly string[] | undefined;
}

/** Someone elsewhere with a key pair and OpenSSH's clients; nothing of the machine's own `~/.ssh` is read. */
export interface Guest extends AsyncDisposable {
  readonly account: Account;
  readonly identity: Identity;
  readonly destination: Destination;
  /** `user@host:path`, for scp and sftp. */
  readonly remote: (path: string) => string;
  /** The arguments of `ssh` up to and with the destination; `options` stand before it. */
  readonly sshArgs: (options?: readonly string[]) => string[];
  /** `ssh -tt` in a terminal of the guest's, to be looked at and typed into. */
  readonly join: (options?: JoinOptions) => Promise<Terminal>;
  /** Runs an `ssh` line that the program printed in a terminal of the guest's, as pasted into a shell. */
  readonly paste: (line: string, options?: TerminalOptions) => Promise<Terminal>;
  /** One `ssh` without a terminal, to its end. `options` stand before the destination. */
  readonly run: (
    options: readonly string[],
    command?: readonly string[],
    execution?: Execution,
  ) => Promise<Finished>;
  /** Starts an `ssh` that stays, such as a forwarding with `-N`, and leaves it running. */
  readonly hold: (options: readonly string[], env?: Environment) => ReturnType<Account['spawn']>;
  /** `scp` with the caller's arguments: `-O` for the old protocol, `-s` for sftp; paths by {@link remote}. */
  readonly scp: (args: readonly string[]) => Promise<Finished>;
  /** `sftp` with these commands as its batch. */
  readonly sftp: (batch: string, args?: readonly string[]) => Promise<Finished>;
  /** Opens a multiplexed connection that later channels go through. */
  readonly master: (options?: MasterOptions) => Promise<Master>;
  /** The same guest with a new key, or for another destination. */
  readonly as: (changes: { identity?: Identity; destination?: Destination }) => Guest;
  readonly newIdentity: (type?: IdentityType) => Promise<Identity>;
}

/**
 * Makes a guest: the current user with a home of its own. Host keys are learned on first use into a file of
 * the guest's own, and checked after that.
 */
export async function makeGuest({ destination, type, network }: GuestOptions): Promise<Guest> {
  const cleanup = makeCleanup();
  const account = cleanup.use(await makeAccount({ kind: 'home', network }));
  return orUndo(cleanup, async () => guestOf(account, await makeIdentity(account, type), destination));
}

function guestOf(account: Account, identity: Identity, destination: Destination): Guest {
  const { host, port, user } = destination;
  const common = hermetic(account, identity);
  const sshArgs = (options: readonly string[] = []) => [
    ...['-p', String(port), ...options, ...common],
    `${user}@${host}`,
  ];
  return {
    account,
    identity,
    destination,
    remote: (path) => `${user}@${host}:${path}`,
    sshArgs,
    join: ({ options = [], command = [], ...terminal } = {}) =>
      openTerminal(account, ['ssh', ...sshArgs(['-tt', ...options]), ...command], terminal),
    paste: async (line, options) => {
      // A file, since `ssh -J` hands on no other settings to the ssh that it goes to the jump host by.
      const file = `${account.home}/.ssh/config`;
      const settings = settingsOf(account, identity).map(([name, value]) => `${name} ${value}\n`);
      await writeFile(file, settings.join(''));
      const pasted = line.replace(/^ssh /, 'ssh -F "$0" ');
      return openTerminal(account, ['sh', '-c', pasted, file], options);
    },
    run: (options, command = [], execution) =>
      account.exec('ssh', [...sshArgs(options), ...command], execution),
    hold: (options, env) => account.spawn('ssh', sshArgs(options), { env }),
    scp: (args) => account.exec('scp', ['-P', String(port), ...common, ...args]),
    sftp: (batch, args = []) =>
      account.exec('sftp', ['-b', '-', '-P', String(port), ...args, ...common, `${user}@${host}`], {
        input: batch,
      }),
    master: (options) => openMaster(account, sshArgs, options),
    as: (changes) => guestOf(account, changes.identity ?? identity, changes.destination ?? destination),
    newIdentity: (type) => makeIdentity(account, type),
    [Symbol.asyncDispose]: () => account[Symbol.asyncDispose](),
  };
}

function hermetic(account: Account, identity: Identity): string[] {
  const settings = settingsOf(account, identity);
  return ['-F', '/dev/null', ...settings.flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

/** No configuration, agent, known hosts or question that the machine or a person would bring in. */
function settingsOf({ home }: Account, { privateKeyFile }: Identity): [string, string][] {
  const settings = {
    IdentityFile: privateKeyFile,
    IdentitiesOnly: 'yes',
    BatchMode: 'yes',
    UserKnownHostsFile: `${home}/.ssh/known_hosts`,
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'accept-new',
    ControlMaster: 'no',
    ControlPath: 'none',
    ConnectTimeout: '20',
    // Warnings and errors only: else each new host key adds a line to what a test reads.
    LogLevel: 'ERROR',
  };
  return Object.entries(settings);
}
