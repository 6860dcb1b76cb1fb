import { join } from 'node:path';
import type { Command } from 'commander';
import { toWire } from '../control/wire.ts';
import { parseDuration } from '../domain/duration.ts';
import { usage } from '../domain/failure.ts';
import type { PairIntent } from '../domain/intent.ts';
import { resolveGuests } from '../guests/guests.ts';
import { runDirectories } from '../lease/run-directory.ts';
import { type CommandContext, type Common, repeatable } from '../options/command.ts';
import { addDoor, type DoorOptions, doorOf, parsePort } from '../options/door.ts';
import { addFreshness, type FreshnessOptions, freshnessOf } from '../options/freshness.ts';
import {
  type AccessOptions,
  accessFrom,
  addForges,
  type ForgeOptions,
  referencesOf,
} from '../options/guests.ts';
import { addKeyFile, keyFileFrom } from '../options/key-file.ts';
import type { YesOptions } from '../options/live.ts';
import { parseSession } from '../options/session-name.ts';
import { confirmSharing, pair as runPairing } from '../pairing/pairing.ts';
import { onStopSignals, unlessStopped } from '../pairing/stop.ts';
import { roomAround } from '../room/share.ts';
import type { Terminal } from '../ui/terminal.ts';
import { startSupervisor } from './background.ts';
import { exitCodeOf } from './signal-exit.ts';
import { manners, terminalOf } from './surroundings.ts';

interface PairOptions extends Common, DoorOptions, FreshnessOptions, AccessOptions, YesOptions {
  readonly ttl?: string;
  readonly session?: string;
  readonly tmux?: string;
  readonly forward?: readonly string[];
  readonly allowPortForwarding?: boolean;
  readonly gateExistingKeys?: boolean;
  readonly copy?: boolean;
  readonly detach?: boolean;
  readonly unattended?: boolean;
  readonly joinTimeout?: string;
  readonly approve?: boolean;
  readonly bell?: boolean;
  readonly menuKey?: string;
  readonly share?: string | true;
}

/**
 * Adds a pairing's options to the program itself, which runs a pairing if no command is named.
 * @param inRoom the words after `--`: what runs in the room
 */
export function pair(program: Command, { run, self }: CommandContext, inRoom: readonly string[]): void {
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
    .action((names: string[], options: PairOptions & ForgeOptions) =>
      run(options, (terminal) => pairCommand(pairIntent(names, options, inRoom), terminal, self)),
    );
}

const examples = `Examples:
  tmuxpair @octocat                            a GitHub user, for 4 hours at most
  tmuxpair --gitlab bob --readonly --ttl 30m   a GitLab user, who may look, for 30 minutes
  tmuxpair partner_key.pub -- vim notes.txt    a key file, into one program

Every option can be given as an environment variable, too: --ttl as TMUXPAIR_TTL, --read-only as
TMUXPAIR_READ_ONLY=yes; --no-read-only takes that back, and so on.`;

export interface PairCommand {
  readonly intent: PairIntent;
  /** Return as soon as the pairing is live, and supervise it from the background. */
  readonly background: boolean;
  /** Answers yes to questions in advance, except about new keys. */
  readonly yes: boolean;
}

/**
 * Runs a pairing in this terminal, or starts one in the background.
 * @param self the command that runs this program
 * @returns the exit code
 * @throws Refusal; Stopped
 */
export async function pairCommand(
  command: PairCommand,
  terminal: Terminal,
  self: readonly string[],
): Promise<number> {
  const stop = onStopSignals();
  const { env } = process;
  const { background, yes } = command;
  const intent = inOwnRoom(command.intent, env);
  const readsInput = intent.references.some(({ provider }) => provider === 'stdin');
  const world = {
    env,
    cwd: process.cwd(),
    ...terminalOf(stop, readsInput),
    stop,
    emit: terminal.event,
    ...manners,
    self,
  };
  if (intent.share && intent.access === 'read-write' && !yes) await confirmSharing(world.ask);
  if (!background) {
    const { signal } = await runPairing(intent, world);
    return signal ? exitCodeOf(signal) : 0;
  }
  const { guests, remember } = await unlessStopped(stop, resolveGuests(intent, world));
  const orders = { intent, guests: guests.map(toWire), size: world.size };
  const exit = await startSupervisor(orders, terminal, self, stop);
  if (exit === 0) await remember();
  return exit;
}

/** A host in the room of an earlier pairing has a session on a server of its own, and takes that up again. */
function inOwnRoom(intent: PairIntent, env: NodeJS.ProcessEnv): PairIntent {
  const rooms = runDirectories(env).map((root) => join(root, 'rooms'));
  const session = intent.share === 'here' ? roomAround(rooms, env) : undefined;
  if (session === undefined) return intent;
  const { share: _, ...rest } = intent;
  return { ...rest, session };
}

function pairIntent(
  names: readonly string[],
  options: PairOptions & ForgeOptions,
  command: readonly string[],
): PairCommand {
  const references = referencesOf(names, options, process.env);
  const access = accessFrom(options);
  const forward = options.allowPortForwarding
    ? 'any'
    : (options.forward ?? []).map((port) => parsePort(port, '--forward'));
  if (access === 'read-only' && (forward === 'any' || forward.length > 0)) {
    usage('guests who may only look get no ports', 'drop --read-only, or the ports');
  }
  // Inside tmux there is no terminal to attach: the surrounding session is the one to share.
  const inside =
    Boolean(process.env.TMUX) && options.session === undefined && !options.detach && !options.unattended;
  const share = options.share === undefined ? (inside ? 'here' : undefined) : shareOf(options.share);
  if (share && options.session !== undefined) usage('--share and --session exclude each other');
  if (share && command.length > 0)
    usage('a shared session runs what it runs', 'drop the command, or --share');
  const detached = options.detach === true || share !== undefined;
  const hostMode = options.unattended ? 'nowhere' : detached ? 'elsewhere' : 'terminal';
  return {
    background: options.detach === true || (share !== undefined && !options.unattended),
    yes: options.yes === true,
    intent: {
      references,
      ...freshnessOf(options),
      access,
      hostMode,
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

function shareOf(named: string | true): 'here' | { name: string } {
  return named === true || named === '' ? 'here' : { name: parseSession(named) };
}

/** Seconds. */
const defaultTtl = 4 * 3600;

/** A key as tmux writes it, if tmux takes it for one key and nothing else. */
export function parseKey(text: string): string {
  if (/^(?:[CM]-)?(?:[A-Za-z0-9]|F(?:[1-9]|1[0-2]))$/.test(text)) return text;
  return usage(
    `--menu-key ${JSON.stringify(text.slice(0, 80))} is no key`,
    'use a letter, a digit, C-g, M-g, F5, or off',
  );
}
