/** What is known of an sshd, from its settings, its greeting and its start-up files. */
import { join } from 'node:path';
import type { Doubt } from '../domain/doubt.ts';
import { distinct, type Obstacle } from '../domain/obstacle.ts';
import type { PublicKey } from '../domain/public-key.ts';
import type { Settings } from '../domain/sshd-settings.ts';
import { diversionObstacles } from '../shell/diversions.ts';
import { type LoginEnvironment, loginEnvironment, steering } from '../shell/login-environment.ts';
import { loginShell } from '../shell/shell.ts';
import { thisAccount } from '../system/account.ts';
import type { SshdSettings } from './ask-sshd.ts';
import { configIn, defaultConfig, readConfigFile } from './config-file.ts';
import { type ForwardRules, forwardRulesIn } from './forward-rules.ts';
import type { Greeting } from './greeting.ts';
import { findKeyFiles, keyFileObstacles, look } from './key-files.ts';
import { type KeyRules, keyRulesIn } from './key-rules.ts';
import type { Knowledge } from './knowledge.ts';
import { isUnread } from './revoked.ts';
import { hostKeysIn, hostKeysWith } from './served-keys.ts';
import { sourceRules } from './source-rules.ts';
import {
  type Account,
  isStrict,
  keyFileNames,
  keyFilesAhead,
  obstaclesFor,
  readsEnvironment,
} from './sshd-settings.ts';
import { modeObstacles } from './strict-modes.ts';

/** What is known of a door. */
export interface Known {
  /** Whether something listens there that may be an sshd. */
  readonly answers: boolean;
  /** What it says first. */
  readonly greeting: Greeting;
  /** Its process, if it can be seen. */
  readonly pid?: number;
  /**
   * Whether its settings could be read. If not, the only obstacles known are those of start-up files and of source
   * rules.
   */
  readonly asked: boolean;
  /** What it is set to for guests from anywhere, then for others; empty if its settings could not be read. */
  readonly settings: readonly Settings[];
  /**
   * The variables that steer shells which a login was seen to have at the gate, as `NAME=value`; empty if none was
   * seen.
   */
  readonly seen: readonly string[];
  /** Its configuration file. */
  readonly configFile: string;
  readonly obstacles: readonly Obstacle[];
  /** Why all that may be wrong, or not be all. */
  readonly doubts: readonly Doubt[];
  /** Which keys it accepts; empty if its settings could not be read. */
  readonly rules: readonly KeyRules[];
  /** Which ports it forwards; empty in the same case. */
  readonly forwarding: readonly ForwardRules[];
  /** The files from which it reads keys, absolute, including patterns; empty if its settings could not be read. */
  readonly keyFiles: readonly string[];
  /** Those of them that it reads before the account's `authorized_keys`. */
  readonly ahead: readonly string[];
  /** Empty if they can't be had. */
  readonly hostKeys: readonly PublicKey[];
}

/** What this knowledge means for guests now: key files and their modes are looked at each time. */
export function describe({ keyFile }: { readonly keyFile: string }, knowledge: Knowledge): Known {
  const { greeting, settings, groups, shown, configFile } = knowledge;
  const answers = greeting.kind !== 'silent';
  const start = startEnvironment(settings);
  const isSeen = knowledge.seen?.under === textOf(start);
  const doubts: readonly Doubt[] = [
    ...doubtsOf(knowledge),
    ...(start.unsure.length > 0 && answers && !isSeen
      ? [{ kind: 'environment-unsure', causes: start.unsure } as const]
      : []),
  ];
  const seen = knowledge.seen?.entries ?? [];
  const cautions = [
    ...diversionObstacles(loginShell().path, start),
    ...sourceRules(settings?.outlooks[0]?.settings),
  ];
  if (!settings) {
    const nothing = { settings: [], seen, rules: [], forwarding: [], keyFiles: [], ahead: [] };
    const hostKeys = hostKeysWith(shown);
    return {
      answers,
      greeting,
      asked: false,
      configFile,
      ...nothing,
      obstacles: cautions,
      doubts,
      hostKeys,
    };
  }
  const { outlooks, unresolved, args, pid } = settings;
  const { options } = configIn(args);
  const account: Account = { ...thisAccount(), groups };
  const [{ settings: usual } = { settings: new Map() }] = outlooks;
  const keyFiles = [...new Set(outlooks.flatMap((one) => keyFileNames(one.settings, account)))];
  const environment = join(account.home, '.ssh', 'environment');
  const readsIt = outlooks.some((one) => readsEnvironment(one.settings)) && look(environment) !== 'none';
  const rules = outlooks.map(keyRulesIn);
  const obstacles: Obstacle[] = [
    ...obstaclesFor(outlooks, account, keyFile),
    ...(isStrict(usual) ? modeObstacles(keyFile, account) : []),
    ...keyFileObstacles(findKeyFiles(keyFiles)),
    ...(readsIt ? [{ kind: 'user-environment', path: environment } as const] : []),
    ...readConfigFile(configFile, options).unread.map((path) => ({ kind: 'unread-settings', path }) as const),
    ...otherEnvironments(settings, start),
    ...unresolved.map((match) => ({ kind: 'unresolved-match', match }) as const),
    ...cautions,
    ...distinct(
      rules.flatMap(({ revoked }) =>
        revoked !== undefined && isUnread(revoked)
          ? [{ kind: 'revoked-unread', path: revoked } as const]
          : [],
      ),
    ),
  ];
  const keys = hostKeysIn(usual);
  return {
    answers,
    greeting,
    asked: true,
    settings: outlooks.map((one) => one.settings),
    seen,
    configFile,
    obstacles,
    doubts,
    rules,
    forwarding: outlooks.map(forwardRulesIn),
    keyFiles,
    ahead: outlooks.flatMap((one) => keyFilesAhead(one.settings, account, keyFile)),
    hostKeys: keys.length > 0 ? keys : hostKeysWith(shown),
    ...(pid === undefined ? {} : { pid }),
  };
}

/** For a guest from anywhere, as far as is known. */
export function startEnvironment(settings: SshdSettings | undefined): LoginEnvironment {
  return environmentUnder(settings?.outlooks[0]?.settings);
}

function environmentUnder(settings: Settings | undefined): LoginEnvironment {
  return loginEnvironment({ ...thisAccount(), shell: loginShell().path }, settings);
}

/** Blocks for some guests whose login shell may start differently from the one that was tried. */
function otherEnvironments({ outlooks }: SshdSettings, usual: LoginEnvironment): Obstacle[] {
  const steered = ({ entries, unsure }: LoginEnvironment): string =>
    JSON.stringify([steering(entries).sort(), unsure]);
  const others = outlooks.flatMap(({ settings, when }) =>
    when === undefined || steered(environmentUnder(settings)) === steered(usual) ? [] : [when],
  );
  return [...new Set(others)].map((match) => ({ kind: 'other-environment', match }));
}

export function textOf({ entries, unsure }: LoginEnvironment): string {
  return JSON.stringify([entries, unsure]);
}

export const silent: Known = {
  answers: false,
  greeting: { kind: 'silent' },
  asked: false,
  settings: [],
  seen: [],
  configFile: defaultConfig,
  obstacles: [],
  doubts: [],
  rules: [],
  forwarding: [],
  keyFiles: [],
  ahead: [],
  hostKeys: [],
};

function doubtsOf({ greeting, settings, configFile }: Knowledge): Doubt[] {
  switch (greeting.kind) {
    case 'other':
      return [{ kind: 'other-server', greeting: greeting.text }];
    case 'no-ssh':
      return [{ kind: 'no-greeting' }];
    case 'silent':
      return [];
    case 'refusing':
    case 'openssh': {
      const refusing =
        greeting.kind === 'refusing' ? [{ kind: 'refusing', said: greeting.text } as const] : [];
      if (!settings) return [...refusing, { kind: 'settings-unread' }];
      if (settings.pid === undefined) return [...refusing, { kind: 'settings-assumed', configFile }];
      return settings.isStale ? [...refusing, { kind: 'settings-stale', configFile }] : refusing;
    }
    default:
      return greeting satisfies never;
  }
}
