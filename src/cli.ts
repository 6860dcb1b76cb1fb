/** argv → intent, and nothing more: what is asked for is carried out in `commands/`. */
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { parseForProvider, parseReference } from '../providers/index.ts';
import { pairCommand } from './commands/pair.ts';
import { sweepCommand } from './commands/sweep.ts';
import { parseDuration } from './domain/duration.ts';
import { Refusal, usage } from './domain/failure.ts';
import { isNonEmpty, type Reference } from './domain/guest.ts';
import { version } from './domain/version.ts';
import type { PairIntent } from './session/pairing.ts';
import { openTerminal, type Terminal } from './ui/terminal.ts';

/** The options that name a guest by forge, and what they are called in help. */
const forges = [
  ['github', 'GitHub'],
  ['gitlab', 'GitLab'],
] as const;

/**
 * Runs the command line.
 * @param self the command that runs this program
 * @returns the exit code
 */
export async function main(argv: readonly string[], self: readonly string[]): Promise<number> {
  const cut = argv.indexOf('--');
  const [own, inRoom] = cut === -1 ? [argv, []] : [argv.slice(0, cut), argv.slice(cut + 1)];
  let exit = 0;
  let terminal: Terminal | undefined;
  const run = async (
    options: { quiet?: boolean; debug?: boolean },
    work: (terminal: Terminal) => Promise<number>,
  ) => {
    terminal = openTerminal({ quiet: options.quiet === true, debug: options.debug === true });
    exit = await work(terminal);
  };
  const program = describe(inRoom, (guests, options) =>
    run(options, (to) => pairCommand(pairIntent(guests, options, inRoom, process.env), to, self)),
  );
  program
    .command('sweep')
    .description('take back what a crash left')
    .addOption(keysOption())
    .addOption(new Option('--authorized_keys <file>').hideHelp())
    .addOption(new Option('--lease <folder>').hideHelp())
    .action((options: Options & { lease?: string }) =>
      run(options, (to) =>
        sweepCommand({ keyFile: keyFileOf(options), ...(options.lease ? { lease: options.lease } : {}) }, to),
      ),
    );
  try {
    await program.parseAsync([...environment(program, process.env), ...own], { from: 'user' });
    return exit;
  } catch (error) {
    const say = terminal ?? openTerminal({ quiet: false, debug: argv.includes('--debug') });
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : say.failure(usageOf(error));
    return error instanceof Refusal ? say.failure(error.failure) : say.bug(error);
  }
}

interface Options {
  readonly readOnly?: boolean;
  readonly readonly?: boolean;
  readonly ttl?: string;
  readonly session?: string;
  readonly tmux?: string;
  readonly authorizedKeys?: string;
  readonly authorized_keys?: string;
  readonly forward?: string[];
  readonly allowPortForwarding?: boolean;
  readonly gateExistingKeys?: boolean;
  readonly host?: string;
  readonly port?: string;
  readonly offline?: boolean;
  readonly refresh?: boolean;
  readonly acceptNewKeys?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
  readonly github?: string[];
  readonly gitlab?: string[];
}

function describe(
  inRoom: readonly string[],
  action: (guests: string[], options: Options) => Promise<void>,
): Command {
  const collect = (value: string, before: string[] = []): string[] => [...before, value];
  const program = new Command('tmuxpair')
    .description(
      'Lets a guest into one tmux session of yours over SSH, and takes the access back when it ends.',
    )
    .usage('[options] [guest…] [-- command…]')
    .argument('[guest...]', '@octocat (GitHub), gitlab:bob, or a file of public keys')
    .version(`tmuxpair ${version}`, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  for (const [name, title] of forges) {
    program.addOption(
      new Option(`--${name} <user>`, `a guest by their ${title} name; repeatable`).argParser(collect),
    );
  }
  program
    .option('-r, --read-only', 'guests may look, not type')
    .addOption(new Option('--readonly').hideHelp())
    .option('-t, --ttl <duration>', 'how long at most, e.g. 30m or 1h30m (default: 4h)')
    .option('-s, --session <name>', 'name of the tmux session (default: pair)')
    .option('--host <name>', 'what the printed ssh line calls this machine')
    .option('--port <n>', 'port of the sshd that guests come through (default: 22)')
    .addOption(
      new Option('--forward <port>', 'a port of this machine that guests may reach; repeatable').argParser(
        collect,
      ),
    )
    .option('--allow-port-forwarding', 'let guests reach every port and socket: rather use --forward')
    .option('--offline', 'ask no forge: take the keys that are remembered')
    .option('--refresh', 'take no remembered keys, also where the forge is out of reach')
    .option('--accept-new-keys', 'let a guest in with keys that they did not have the last time')
    .option('--gate-existing-keys', 'accept a guest key that authorized_keys already has')
    .addOption(keysOption())
    .addOption(new Option('--authorized_keys <file>').hideHelp())
    .option('--tmux <path>', 'the tmux to use')
    .option('-y, --yes', 'answer yes to every question')
    .option('-q, --quiet', 'print warnings and errors only')
    .option('--debug', 'tell everything that happens, and where a bug came from')
    .addHelpText('after', `\n${inRoom.length === 0 ? examples : ''}`)
    .action(action);
  return program;
}

const examples = `Examples:
  tmuxpair @octocat                            a GitHub user, for 4 hours at most
  tmuxpair --gitlab bob --readonly --ttl 30m   a GitLab user, who may look, for 30 minutes
  tmuxpair partner_key.pub -- vim notes.txt    a key file, into one program

Every option can be given as an environment variable, too: --ttl as TMUXPAIR_TTL.`;

function keysOption(): Option {
  return new Option('--authorized-keys <file>', 'the file to write to (default: ~/.ssh/authorized_keys)');
}

function pairIntent(
  names: readonly string[],
  options: Options,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
): PairIntent {
  const references: Reference[] = [
    ...names.map((name) => parseReference(name, env)),
    ...forges.flatMap(([forge]) => (options[forge] ?? []).map((user) => parseForProvider(forge, user, env))),
  ];
  if (!isNonEmpty(references)) {
    usage(
      'who is your guest?',
      'name them: tmuxpair @octocat, tmuxpair gitlab:bob, or tmuxpair partner_key.pub',
    );
  }
  const readOnly = options.readOnly === true || options.readonly === true;
  const forward = options.allowPortForwarding
    ? 'any'
    : (options.forward ?? []).map((port) => parsePort(port, '--forward'));
  if (readOnly && (forward === 'any' || forward.length > 0)) {
    usage('guests who may only look get no ports', 'drop --read-only, or the ports');
  }
  if (options.offline && options.refresh) usage('--offline and --refresh exclude each other');
  return {
    references,
    offline: options.offline === true,
    refresh: options.refresh === true,
    acceptNewKeys: options.acceptNewKeys === true,
    access: readOnly ? 'read-only' : 'read-write',
    ttl: options.ttl === undefined ? defaultTtl : parseDuration(options.ttl, '--ttl'),
    keyFile: keyFileOf(options),
    forward,
    gateExisting: options.gateExistingKeys === true,
    port: options.port === undefined ? 22 : parsePort(options.port, '--port'),
    command,
    ...(options.session === undefined ? {} : { session: parseSession(options.session) }),
    ...(options.tmux === undefined ? {} : { tmux: options.tmux }),
    ...(options.host === undefined ? {} : { host: parseHost(options.host) }),
  };
}

const defaultTtl = 4 * 3600;

function keyFileOf(options: Options): string {
  const named = options.authorizedKeys ?? options.authorized_keys;
  if (named === '') usage('--authorized-keys needs the path of a file');
  if (named !== undefined) return isAbsolute(named) ? named : resolve(named.replace(/^~(?=\/)/, homedir()));
  return join(homedir() || userInfo().homedir, '.ssh', 'authorized_keys');
}

function parsePort(text: string, option: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535)
    usage(`${option} ${JSON.stringify(text)} is not a port`, 'a port is a number from 1 to 65535');
  return port;
}

/** tmux takes `:` and `.` apart, `=` and `$` as patterns, and runs what `#(…)` names. */
function parseSession(text: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_-]{0,31}$/.test(text)) return text;
  return usage(
    `--session ${JSON.stringify(text.slice(0, 80))} can't be the name of a session`,
    'use up to 32 letters, digits, _ and -, the first of them no -',
  );
}

function parseHost(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9.:_-]{0,252}$/.test(text)) return text;
  return usage(`--host ${JSON.stringify(text.slice(0, 80))} is not a host name or address`);
}

/** The options that the environment gives, as arguments in front of the command line's own. */
function environment(program: Command, env: NodeJS.ProcessEnv): string[] {
  return program.options.flatMap((option) => {
    const name = `TMUXPAIR_${(option.long ?? '').slice(2).replaceAll(/-/g, '_').toUpperCase()}`;
    const value = env[name];
    if (
      value === undefined ||
      value === '' ||
      option.hidden ||
      ['--version', '--help'].includes(option.long ?? '')
    )
      return [];
    if (option.required) return [`${option.long}=${value}`];
    if (/^(1|true|yes|on)$/i.test(value)) return [option.long ?? ''];
    if (/^(0|false|no|off)$/i.test(value)) return [];
    return usage(`${name} is ${JSON.stringify(value)}`, `set it to 1 or 0`);
  });
}

function usageOf(error: CommanderError): { kind: 'usage'; problem: string; hint?: string } {
  const [problem = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  return { kind: 'usage', problem, ...(suggestion ? { hint: suggestion.replace(/^\(|\)$/g, '') } : {}) };
}
