/** What the sshds of this machine are set to, as `sshd -T` tells, which a plain user can ask, too, given any private key. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from '../spawn/capture.ts';
import { thisAccount } from '../system/account.ts';
import { joinMarks, type Marks, markFiles } from '../system/remembered.ts';
import { configIn, readConfigFile } from './config-file.ts';
import { holdsSocket, listeners } from './listeners.ts';
import { type Spec, specsFor } from './match-specs.ts';
import { listeningSockets } from './sockets.ts';
import { type Outlook, parseSettings, type Settings } from './sshd-settings.ts';

export interface SettingsQuery {
  /** Absolute path of sshd. */
  readonly sshd: string;
  /** Gives any private key, if there is one: without it sshd tells its settings to root alone. */
  readonly anyKey: () => Promise<string | undefined>;
}

/** The settings of one sshd, for this account. Plain data, but for the maps. */
export interface SshdSettings {
  /** What holds for a guest from anywhere, and then what `Match` blocks make of it for others. */
  readonly outlooks: readonly Outlook[];
  /** Blocks of which it can't be said for whom they hold. */
  readonly unresolved: readonly string[];
  /** Those of its arguments that say which configuration it has. */
  readonly args: readonly string[];
  /** Its process; absent for the settings that an sshd without arguments would have, which is not seen to run. */
  readonly pid?: number;
  /** Whose process that is. */
  readonly uid: number;
}

export interface Answer {
  /** `undefined` where none tells. */
  readonly settings: SshdSettings | undefined;
  /** What the answer depends on, as it was before the question. */
  readonly marks: Marks;
}

interface Candidate extends Answer {
  /** Whether its process is seen. */
  readonly isSeen: boolean;
}

/**
 * The settings of the sshd on that port: of one that is seen to run, or of one that would run by default.
 * @param inodes of the sockets there, as far as they are known
 */
export async function settingsOn(
  port: number,
  query: SettingsQuery,
  inodes: readonly string[],
): Promise<Answer> {
  let marks: Marks = { files: {}, isFresh: false };
  for await (const answer of running({ ...query, port, isCandidate: (pid) => isOn(pid, inodes) })) {
    marks = joinMarks(marks, answer.marks);
    if (answer.settings && portsIn(answer.settings).includes(port)) return { ...answer, marks };
    // It may be this one that is on the port, and what another would be set to says nothing then.
    if (!answer.settings && answer.isSeen) return { settings: undefined, marks };
  }
  return { settings: undefined, marks };
}

/**
 * The ports that the sshds which are seen to run are set to.
 * @param inodes of all sockets on this machine, as far as they are known
 */
export async function portsOfAll(
  query: SettingsQuery,
  inodes: readonly string[],
): Promise<{ ports: number[]; marks: Marks }> {
  let marks: Marks = { files: {}, isFresh: false };
  const ports = new Set<number>();
  for await (const answer of running({ ...query, isCandidate: (pid) => isOn(pid, inodes) })) {
    marks = joinMarks(marks, answer.marks);
    if (answer.settings?.pid !== undefined) for (const port of portsIn(answer.settings)) ports.add(port);
  }
  return { ports: [...ports], marks };
}

/** The addresses that its settings have it listen on. */
export function addressesIn({ outlooks: [outlook] }: SshdSettings, port: number): string[] {
  return (outlook?.settings.get('listenaddress') ?? []).flatMap((text) => {
    const [, bracketed, bare, at] = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d+)\b/.exec(text) ?? [];
    return Number(at) === port ? (bracketed ?? bare ?? []) : [];
  });
}

function portsIn({ outlooks: [outlook] }: SshdSettings): number[] {
  const addresses = outlook?.settings.get('listenaddress') ?? [];
  return [...new Set(addresses.map((text) => Number(/^(?:\[[^\]]+\]|[^:\s]+):(\d+)\b/.exec(text)?.[1])))];
}

/** Not one that is seen to have other sockets, or to be in another network: processes of containers are seen, too. */
function isOn(pid: number, inodes: readonly string[]): boolean {
  if (inodes.length === 0) return true;
  return holdsSocket(pid, inodes) ?? listeningSockets(pid).some(({ inode }) => inodes.includes(inode));
}

/** Every sshd that is seen to run, and then one that would run by default. */
async function* running({
  sshd,
  port,
  anyKey,
  isCandidate = () => true,
}: SettingsQuery & {
  readonly port?: number;
  readonly isCandidate?: (pid: number) => boolean;
}): AsyncGenerator<Candidate> {
  const key = process.geteuid?.() === 0 ? undefined : await anyKey();
  const seen = (await listeners()).filter(({ pid }) => isCandidate(pid));
  for (const { pid, uid, config: args } of [...seen, { pid: undefined, uid: 0, config: [] }]) {
    const { file, options } = configIn(args);
    const before = readConfigFile(file, options);
    const marks = markFiles([sshd, ...before.sources, ...(before.unread.length > 0 ? usualParts() : [])]);
    const question = { args, key, port };
    const settings = await ask(sshd, question);
    const isSeen = pid !== undefined;
    if (!settings) {
      yield { settings, marks, isSeen };
      continue;
    }
    const { specs, unresolved } = specsFor(before, thisAccount());
    const more = await Promise.all(specs.map((spec) => ask(sshd, question, spec)));
    const outlooks = specs.flatMap(({ when }, at) => {
      const theirs = more[at];
      return theirs ? [{ settings: theirs, when }] : [];
    });
    const failed = specs.flatMap(({ when }, at) => (more[at] ? [] : [when]));
    yield {
      settings: {
        outlooks: [{ settings }, ...outlooks],
        unresolved: [...new Set([...unresolved, ...failed])],
        args,
        uid,
        ...(pid === undefined ? {} : { pid }),
      },
      marks,
      isSeen,
    };
  }
}

/** What a configuration that can't be read is likely to include: who changes it is likely to change these. */
function usualParts(): string[] {
  const folder = '/etc/ssh/sshd_config.d';
  try {
    return [folder, ...readdirSync(folder).map((name) => join(folder, name))];
  } catch {
    return [folder];
  }
}

/**
 * The settings that hold for this account, for a guest from anywhere or as `spec` has it; `undefined` where sshd does
 * not tell.
 */
async function ask(
  sshd: string,
  {
    args,
    key,
    port,
  }: {
    readonly args: readonly string[];
    readonly key: string | undefined;
    readonly port: number | undefined;
  },
  spec?: Spec,
): Promise<Settings | undefined> {
  const guest = {
    user: thisAccount().name,
    host: 'guest.invalid',
    addr: '203.0.113.1',
    ...(port === undefined ? {} : { lport: port }),
    ...spec?.fields,
  };
  const about = Object.entries(guest).map(([name, value]) => `${name}=${value}`);
  const words = ['-T', ...(key === undefined ? [] : ['-h', key]), ...args, '-C', about.join(',')];
  const { code, stdout } = await capture(sshd, words, { patience: 3000 });
  return code === 0 ? parseSettings(stdout) : undefined;
}
