/** argv → intent, and nothing more: what is asked for is carried out in `commands/`. */
import { Command, CommanderError, Option } from 'commander';
import { exitCodeOf } from './commands/exit-code.ts';
import type { PairCommand } from './commands/pair.ts';
import { parseDuration } from './domain/duration.ts';
import { Refusal, usage } from './domain/failure.ts';
import type { Access } from './domain/guest.ts';
import type { DoorIntent } from './domain/intent.ts';
import { parseJump } from './domain/jump.ts';
import { parseSince } from './domain/since.ts';
import { version } from './domain/version.ts';
import { respelt, takeEnvironment } from './environment.ts';
import { Stopped } from './pairing/stop.ts';
import { settleHome } from './system/home.ts';
import { settlePath } from './system/which.ts';
import { openTerminal, type Terminal } from './ui/terminal.ts';
import {
  type ForgeOptions,
  forges,
  isSession,
  keyFileOf,
  parseAccess,
  parseBind,
  parseDoor,
  parseHost,
  parseKey,
  parseNames,
  parsePort,
  parseSession,
  parseShell,
  referencesOf,
} from './values.ts';

/** What every command takes. */
interface Common {
  readonly quiet?: boolean;
  readonly debug?: boolean;
  readonly json?: boolean;
}

interface KeyFileOptions {
  readonly authorizedKeys?: string;
}

interface FreshnessOptions {
  readonly offline?: boolean;
  readonly refresh?: boolean;
  readonly acceptNewKeys?: boolean;
}

interface AccessOptions {
  readonly readOnly?: boolean;
}

interface PairOptions extends Common, KeyFileOptions, FreshnessOptions, ForgeOptions, AccessOptions {
  readonly ttl?: string;
  readonly session?: string;
  readonly tmux?: string;
  readonly forward?: readonly string[];
  readonly allowPortForwarding?: boolean;
  readonly gateExistingKeys?: boolean;
  readonly host?: string;
  readonly port?: string;
  readonly door?: string;
  readonly bind?: string;
  readonly via?: string;
  readonly copy?: boolean;
  readonly detach?: boolean;
  readonly unattended?: boolean;
  readonly joinTimeout?: string;
  readonly approve?: boolean;
  readonly bell?: boolean;
  readonly menuKey?: string;
  readonly share?: string | true;
  readonly yes?: boolean;
}

/** What commands on a live pairing take. */
interface LiveOptions extends Common, KeyFileOptions {
  readonly id?: string;
  readonly yes?: boolean;
}

export { printed } from './ui/terminal.ts';

/** Whether a pairing has been run: of all commands it needs most of the program. */
export const done = { pairing: false };

/** Runs one command's work with a terminal to speak to, and keeps its exit code. */
type Run = (options: Common, work: (terminal: Terminal) => Promise<number>) => Promise<void>;

/**
 * Runs the command line.
 * @param self the command that runs this program
 * @returns the exit code
 */
export async function main(argv: readonly string[], self: readonly string[]): Promise<number> {
  const cut = argv.indexOf('--');
  const [given, inRoom] = cut === -1 ? [argv, []] : [argv.slice(0, cut), argv.slice(cut + 1)];
  const own = given.map(asMeant);
  let exit = 0;
  let terminal: Terminal | undefined;
  settleHome(process.env);
  settlePath(process.env);
  const run: Run = async ({ quiet, debug, json }, work) => {
    terminal = openTerminal({ quiet: quiet === true, debug: debug === true, json: json === true });
    exit = await work(terminal);
  };
  try {
    const describe = (): Command => describeCommands(pairProgram(run, inRoom, self), run, self);
    const program = mayNameCommand(own) ? describe() : pairProgram(run, inRoom, self);
    const all = (): Option[] => {
      const whole = describe();
      return [whole, ...shownCommands(whole)].flatMap((command) => command.options);
    };
    program.hook('preSubcommand', inherit);
    program.hook('preAction', (_, command) => {
      // What the program runs for itself has been told everything.
      if (command !== program && !shownCommands(program).includes(command)) return;
      if (command.getOptionValue('lease') !== undefined) return;
      takeEnvironment(command, all, process.env, command === program ? [] : forges.map(([forge]) => forge));
    });
    await program.parseAsync(own, { from: 'user' });
    return exit;
  } catch (error) {
    const say = terminal ?? openTerminal({ quiet: false, debug: argv.includes('--debug'), json: false });
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : say.failure(usageOf(error));
    if (error instanceof Stopped) return exitCodeOf(error.signal);
    return error instanceof Refusal ? say.failure(error.failure) : say.bug(error);
  }
}

function describeCommands(program: Command, run: Run, self: readonly string[]): Command {
  describeKeys(program, run);
  describeForget(program, run);
  describeLive(program, run);
  describeLog(program, run);
  describeCompletion(program, run);
  describeDoctor(program, run, self);
  describeSweep(program, run);
  describeMenu(program, run);
  describeSupervise(program, run, self);
  for (const command of shownCommands(program)) addNegations(command);
  return program;
}

function shownCommands(program: Command): readonly Command[] {
  return program.createHelp().visibleCommands(program);
}

/** What the environment gives, or what stands before, can be taken back: `--no-read-only`. */
function addNegations(command: Command): Command {
  for (const { long, hidden: isHidden } of [...command.options]) {
    if (long && !isHidden && long !== '--version') command.addOption(hidden(long.replace('--', '--no-')));
  }
  return command;
}

/** Whether there is a command among these words, or help is wanted: to describe commands takes a pairing's start some ms. */
function mayNameCommand(words: readonly string[]): boolean {
  return words.some((word) => /^(?:[a-z]+|-[a-z]*h|--help)$/.test(word));
}

/** A word of the command line in today's spelling. What follows `--share` may be a guest instead of a session. */
function asMeant(word: string, index: number, all: readonly string[]): string {
  return word === '--share' && !isSession(all[index + 1] ?? '') ? '--share=' : respelt(word);
}

function pairProgram(run: Run, inRoom: readonly string[], self: readonly string[]): Command {
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
    .configureOutput({
      writeOut: (text) => openTerminal({ quiet: false, debug: false, json: false }).data(text.trimEnd()),
      writeErr: () => {},
    });
  addForges(program);
  addDoor(program)
    .option('-r, --read-only', 'guests may look, not type')
    .option('-t, --ttl <duration>', 'how long at most, e.g. 30m or 1h30m (default: 4h)')
    .option('-s, --session <name>', 'name of the tmux session (default: pair)')
    .option('--share [session]', 'share a session that you have already; the one around you, unless named')
    .option('-d, --detach', 'return at once; guests are in only while you are attached')
    .option('--unattended', 'you need not be there: only the time limit ends it')
    .option('--join-timeout <duration>', 'end it where nobody has joined by then')
    .option('--approve', 'ask you for each join')
    .option('--bell', 'ring when somebody comes or leaves')
    .option('--menu-key <key>', 'after the prefix, a menu of your guests, or off (default: P)')
    .option('--host <name>', 'what the printed ssh line calls this machine')
    .option('--via <jump>', 'through [user@]jump[:port], which both of you can reach')
    .option('--copy', "put the guest's ssh line on the clipboard")
    .addOption(repeatable('--forward <port>', 'a port of this machine that guests may reach; repeatable'))
    .option('--allow-port-forwarding', 'let guests reach every port and socket: rather use --forward');
  addFreshness(program);
  program.option('--gate-existing-keys', 'accept a guest key that authorized_keys already has');
  addKeyFile(program);
  program
    .option('--tmux <path>', 'the tmux to use')
    .option('-y, --yes', 'answer yes to questions; new keys need --accept-new-keys all the same')
    .option('--json', 'with --detach or --unattended: print the pairing as JSON')
    .option('-q, --quiet', 'print warnings and errors only')
    .option('--debug', 'tell everything that happens, and where a bug came from')
    .addHelpText('after', `\n${examples}`)
    .action((names: string[], options: PairOptions) =>
      run(options, async (terminal) => {
        const { pairCommand } = await import('./commands/pair.ts');
        done.pairing = true;
        return pairCommand(pairIntent(names, options, inRoom), terminal, self);
      }),
    );
  return addNegations(program);
}

// A command also takes what stands before its name: `tmuxpair --offline keys @ada`. Guests are its own alone.

function describeKeys(program: Command, run: Run): void {
  const keys = addCommon(
    program.command('keys [guest...]').description("fetch a guest's keys, show fingerprints and trust"),
  );
  addFreshness(addForges(keys))
    .option('--json', 'as JSON')
    .action((names: string[], own: ForgeOptions) => {
      const options: Common & FreshnessOptions = { ...program.opts(), ...keys.opts() };
      return run(options, async (terminal) => {
        const { keysCommand } = await import('./commands/keys.ts');
        const references = referencesOf(names, own, process.env);
        return keysCommand({ references, ...freshnessOf(options), json: options.json === true }, terminal);
      });
    });
}

function describeForget(program: Command, run: Run): void {
  const forget = addCommon(
    program.command('forget [guest...]').description('drop what is remembered of a guest'),
  );
  addForges(forget)
    .option('--json', 'as JSON')
    .action((names: string[], own: ForgeOptions) => {
      const options: Common = { ...program.opts(), ...forget.opts() };
      return run(options, async (terminal) => {
        const { forgetCommand } = await import('./commands/forget.ts');
        const references = referencesOf(names, own, process.env);
        return forgetCommand({ references, json: options.json === true }, terminal);
      });
    });
}

function describeLive(program: Command, run: Run): void {
  const live = (usage_: string, description: string): Command =>
    addKeyFile(addCommon(program.command(usage_).description(description)))
      .option('--id <id>', 'which pairing, where there is more than one')
      .option('--json', 'as JSON');
  const target = (options: LiveOptions, id = options.id) => ({
    keyFile: keyFileFrom(options),
    json: options.json === true,
    ...(id === undefined ? {} : { id }),
  });
  live('list', 'what is live, and who is in').action((options: LiveOptions) =>
    run(options, async (terminal) =>
      (await import('./commands/list.ts')).listCommand(target(options), terminal),
    ),
  );
  live('info [id]', 'everything about one pairing').action((id: string | undefined, options: LiveOptions) =>
    run(options, async (terminal) =>
      (await import('./commands/info.ts')).infoCommand(target(options, id), terminal),
    ),
  );
  addFreshness(addForges(live('invite [guest...]', 'let more in')))
    .option('-r, --read-only', 'they may look, not type')
    .option('-y, --yes', 'answer yes to questions; new keys need --accept-new-keys all the same')
    .action((names: string[], options: LiveOptions & FreshnessOptions & ForgeOptions & AccessOptions) =>
      run(options, async (terminal) => {
        const { inviteCommand } = await import('./commands/invite.ts');
        const invited = {
          references: referencesOf(names, options, process.env),
          access: accessFrom(options),
        };
        const yes = options.yes === true;
        return inviteCommand({ ...target(options), ...invited, ...freshnessOf(options), yes }, terminal);
      }),
    );
  live('kick <guest>', 'put a guest out, for good').action((guest: string, options: LiveOptions) =>
    run(options, async (terminal) =>
      (await import('./commands/kick.ts')).kickCommand({ ...target(options), guest }, terminal),
    ),
  );
  live('access <guest> <ro|rw>', 'change what a guest may do')
    .option('-y, --yes', 'answer yes to questions')
    .action((guest: string, access: string, options: LiveOptions) =>
      run(options, async (terminal) =>
        (await import('./commands/access.ts')).accessCommand(
          { ...target(options), guest, access: parseAccess(access), yes: options.yes === true },
          terminal,
        ),
      ),
    );
  live('extend <duration>', 'move the end').action((duration: string, options: LiveOptions) =>
    run(options, async (terminal) => {
      const { extendCommand } = await import('./commands/extend.ts');
      return extendCommand({ ...target(options), seconds: parseDuration(duration, 'extend') }, terminal);
    }),
  );
  live('repair', 'put back what was taken away from a live pairing').action((options: LiveOptions) =>
    run(options, async (terminal) =>
      (await import('./commands/repair.ts')).repairCommand(target(options), terminal),
    ),
  );
  live('stop', 'end it now').action((options: LiveOptions) =>
    run(options, async (terminal) =>
      (await import('./commands/stop.ts')).stopCommand(target(options), terminal),
    ),
  );
}

function describeLog(program: Command, run: Run): void {
  const log = addCommon(program.command('log').description('who was in, when, and from where'));
  log
    .option('--since <when>', 'from 2d ago, or from 2026-05-01')
    .option('--id <id>', 'of one pairing')
    .option('--json', 'as JSON, a line each')
    .action(({ since, ...options }: Common & { since?: string; id?: string }) =>
      run(options, async (terminal) => {
        const { logCommand } = await import('./commands/log.ts');
        const { id } = options;
        return logCommand(
          {
            json: options.json === true,
            ...(id === undefined ? {} : { id }),
            ...(since === undefined ? {} : { since: parseSince(since, new Date()) }),
          },
          terminal,
        );
      }),
    );
}

function describeCompletion(program: Command, run: Run): void {
  program
    .command('completion <bash|zsh|fish>')
    .description('a script that has your shell complete commands, options and guests')
    .helpOption('-h, --help', 'print this help')
    .action((named: string) =>
      run({}, async (terminal) => {
        const { completionScript } = await import('./ui/completion/completion.ts');
        const { specOf } = await import('./command-spec.ts');
        terminal.data(completionScript(parseShell(named), specOf(program)));
        return 0;
      }),
    );
  program
    .command('complete <what>', { hidden: true })
    .action((what: string) =>
      run({}, async (terminal) =>
        (await import('./commands/complete.ts')).completeCommand(parseNames(what), terminal),
      ),
    );
}

/** For the program's own use: what the key inside the room runs. */
function describeMenu(program: Command, run: Run): void {
  program
    .command('menu <lease> <client>', { hidden: true })
    .action((lease: string, client: string) =>
      run({}, async () => (await import('./commands/menu.ts')).menuCommand(lease, Number(client))),
    );
}

/** For the program's own use: the supervisor of a pairing in the background. */
function describeSupervise(program: Command, run: Run, self: readonly string[]): void {
  addCommon(program.command('supervise', { hidden: true }))
    .option('--json')
    .action((options: Common) =>
      run(options, async (terminal) =>
        (await import('./commands/background.ts')).superviseCommand(terminal, self),
      ),
    );
}

function describeDoctor(program: Command, run: Run, self: readonly string[]): void {
  const doctor = addCommon(program.command('doctor').description('can a guest really get in? by trying'));
  addKeyFile(addDoor(doctor))
    .option('--tmux <path>', 'the tmux to use')
    .option('--json', 'as JSON')
    .action(() => {
      const options: PairOptions = { ...program.opts(), ...doctor.opts() };
      return run(options, async (terminal) => {
        const { doctorCommand } = await import('./commands/doctor.ts');
        const { via: _, ...door } = doorOf(options);
        const tmux = options.tmux === undefined ? {} : { tmux: options.tmux };
        const intent = { ...door, ...tmux, keyFile: keyFileFrom(options), forward: [] };
        return doctorCommand(intent, options.json === true, terminal, self);
      });
    });
}

function describeSweep(program: Command, run: Run): void {
  const sweep = addCommon(program.command('sweep').description('take back what a crash left'));
  addKeyFile(sweep)
    .addOption(hidden('--lease <folder>'))
    .action(({ lease }: { lease?: string }) => {
      const options: Common & KeyFileOptions = { ...program.opts(), ...sweep.opts() };
      return run(options, async (terminal) => {
        const { sweepCommand } = await import('./commands/sweep.ts');
        return sweepCommand(
          { keyFile: keyFileFrom(options), ...(lease === undefined ? {} : { lease }) },
          terminal,
        );
      });
    });
}

const examples = `Examples:
  tmuxpair @octocat                            a GitHub user, for 4 hours at most
  tmuxpair --gitlab bob --readonly --ttl 30m   a GitLab user, who may look, for 30 minutes
  tmuxpair partner_key.pub -- vim notes.txt    a key file, into one program

Every option can be given as an environment variable, too: --ttl as TMUXPAIR_TTL, --read-only as
TMUXPAIR_READ_ONLY=yes; --no-read-only takes that back, and so on.`;

function addCommon(command: Command): Command {
  return command
    .helpOption('-h, --help', 'print this help')
    .option('-q, --quiet', 'print warnings and errors only')
    .option('--debug', 'tell everything that happens, and where a bug came from');
}

function addForges(command: Command): Command {
  for (const [name, title] of forges) {
    command.addOption(repeatable(`--${name} <user>`, `a guest by their ${title} name; repeatable`));
  }
  return command;
}

function addFreshness(command: Command): Command {
  return command
    .option('--offline', 'ask no forge: take the keys that are remembered')
    .option('--refresh', 'take no remembered keys, also where the forge is out of reach')
    .option('--accept-new-keys', 'accept keys that a known guest did not have before');
}

function addDoor(command: Command): Command {
  return command
    .option(
      '--door <auto|system|private>',
      "system: guests come through this machine's sshd; private: through one of this pairing's own (default: auto)",
    )
    .option('--port <n>', 'port of the sshd that guests come through (default: 22, or any for its own)')
    .option('--bind <address>', 'what an sshd of its own listens on (default: all addresses)');
}

function addKeyFile(command: Command): Command {
  return command.option('--authorized-keys <file>', 'the file to write to (default: ~/.ssh/authorized_keys)');
}

function hidden(flags: string): Option {
  return new Option(flags).hideHelp();
}

function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, before?: readonly string[] | false) => [
    ...(before || []),
    value,
  ]);
}

function pairIntent(names: readonly string[], options: PairOptions, command: readonly string[]): PairCommand {
  const references = referencesOf(names, options, process.env);
  const access = accessFrom(options);
  const forward = options.allowPortForwarding
    ? 'any'
    : (options.forward ?? []).map((port) => parsePort(port, '--forward'));
  if (access === 'read-only' && (forward === 'any' || forward.length > 0)) {
    usage('guests who may only look get no ports', 'drop --read-only, or the ports');
  }
  // Inside tmux there is no terminal to attach: the session around is the one to share.
  const inside =
    Boolean(process.env.TMUX) && options.session === undefined && !options.detach && !options.unattended;
  const share = options.share === undefined ? (inside ? 'here' : undefined) : shareOf(options.share);
  if (share && options.session !== undefined) usage('--share and --session exclude each other');
  if (share && command.length > 0)
    usage('a shared session runs what it runs', 'drop the command, or --share');
  const detached = options.detach === true || share !== undefined;
  const seat = options.unattended ? 'nowhere' : detached ? 'elsewhere' : 'terminal';
  return {
    background: options.detach === true || (share !== undefined && !options.unattended),
    yes: options.yes === true,
    intent: {
      references,
      ...freshnessOf(options),
      access,
      seat,
      approve: options.approve === true,
      bell: options.bell === true,
      ...menuKeyOf(options.menuKey),
      ttl: options.ttl === undefined ? defaultTtl : parseDuration(options.ttl, '--ttl'),
      keyFile: keyFileFrom(options),
      forward,
      gateExisting: options.gateExistingKeys === true,
      copy: options.copy === true,
      ...doorOf(options),
      command,
      ...(share === undefined ? {} : { share }),
      ...(options.joinTimeout === undefined
        ? {}
        : { joinTimeout: parseDuration(options.joinTimeout, '--join-timeout') }),
      ...(options.session === undefined ? {} : { session: parseSession(options.session) }),
      ...(options.tmux === undefined ? {} : { tmux: options.tmux }),
    },
  };
}

function menuKeyOf(named: string | undefined): Pick<PairCommand['intent'], 'menuKey'> {
  if (named === 'off') return {};
  return { menuKey: { key: named === undefined ? 'P' : parseKey(named), over: named !== undefined } };
}

function doorOf(options: PairOptions): Omit<DoorIntent, 'keyFile' | 'forward'> {
  const { door = 'auto', port, bind, host, via } = options;
  const keyFileNamed = options.authorizedKeys !== undefined;
  if (door === 'private' && keyFileNamed)
    usage('a private door writes to no --authorized-keys file', 'drop one of the two');
  if (door === 'system' && bind !== undefined)
    usage(
      "--bind is for a private door: the system's listens where it is configured to",
      'drop one of the two',
    );
  return {
    door: parseDoor(door),
    keyFileNamed,
    ...(port === undefined ? {} : { port: parsePort(port, '--port') }),
    ...(bind === undefined ? {} : { bind: parseBind(bind) }),
    ...(host === undefined ? {} : { host: parseHost(host) }),
    ...(via === undefined ? {} : { via: parseJump(via) }),
  };
}

function shareOf(named: string | true): 'here' | { name: string } {
  return named === true || named === '' ? 'here' : { name: parseSession(named) };
}

function accessFrom({ readOnly }: AccessOptions): Access {
  return readOnly ? 'read-only' : 'read-write';
}

/** Seconds. */
const defaultTtl = 4 * 3600;

function freshnessOf({ offline, refresh, acceptNewKeys }: FreshnessOptions): {
  offline: boolean;
  refresh: boolean;
  acceptNewKeys: boolean;
} {
  if (offline && refresh) usage('--offline and --refresh exclude each other');
  return { offline: offline === true, refresh: refresh === true, acceptNewKeys: acceptNewKeys === true };
}

function keyFileFrom(options: KeyFileOptions): string {
  return keyFileOf(options.authorizedKeys);
}

/** Gives a command what stands before its name. Not guests: TMUXPAIR_GITHUB is never one more to forget. */
function inherit(program: Command, command: Command): void {
  const taken = command.options.map((option) => option.attributeName());
  const guests: readonly string[] = forges.map(([forge]) => forge);
  for (const [name, value] of Object.entries(program.opts())) {
    if (taken.includes(name) && !guests.includes(name)) command.setOptionValue(name, value);
  }
}

function usageOf(error: CommanderError): { kind: 'usage'; problem: string; hint?: string } {
  const [problem = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  return { kind: 'usage', problem, ...(suggestion ? { hint: suggestion.replace(/^\(|\)$/g, '') } : {}) };
}
