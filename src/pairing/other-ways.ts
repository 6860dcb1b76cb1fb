/**
 * The ways besides the gate by which a guest's key gets in: checked before the key is granted, and when it is taken
 * back.
 */

import { realpathSync } from 'node:fs';
import { type Failure, refuse } from '../domain/failure.ts';
import type { Guest } from '../domain/guest.ts';
import type { KeyLine } from '../domain/key-line.ts';
import { lastingWays, type Obstacle } from '../domain/obstacle.ts';
import type { Remains } from '../domain/remains.ts';
import { namesInConfig, namesOf, runningConfigs } from '../door/key-file-names.ts';
import { findKeyFiles, type KeyFiles, keyFileObstacles } from '../door/key-files.ts';
import type { DoorChoice } from '../entrance/door-choice.ts';
import { findKeyLines } from '../lease/grant.ts';
import { isInOwnFile } from '../lease/lease.ts';
import type { OtherWays } from './known-ways.ts';
import type { Live, Pairing } from './live.ts';

export const noOtherWays: OtherWays = {
  keyFiles: [],
  configs: [],
  others: [],
  ahead: [],
  unknown: [],
  lines: [],
  forwardedTo: [],
};

/**
 * Notes how this machine's sshds may accept keys: the one that guests come through, or one that would not do, and all
 * others that run here, since guests may come to them all the same. What can't be checked is a reason not to use an
 * sshd, and matters only if it is used.
 */
export async function noteSystem(pairing: Pairing, { kind, system }: DoorChoice): Promise<void> {
  const [running, known] = await Promise.all([runningConfigs(), system?.known()]);
  const unknown = kind === 'system' ? lastingWays(known?.obstacles ?? []) : [];
  pairing.otherWays = {
    ...pairing.otherWays,
    keyFiles: known?.keyFiles ?? [],
    ahead: known?.ahead ?? [],
    configs: known ? [{ file: known.configFile, options: [] }] : [],
    others: running,
    unknown: unknown.filter((one) => !isOfFile(one)),
  };
}

/** The files that may hold a guest's key now: those of the sshd that was looked at, and of any other that runs here. */
function keyFilesNow({ otherWays }: Pairing): KeyFiles {
  const { keyFiles, configs, others } = otherWays;
  return findKeyFiles([...keyFiles, ...namesInConfig([...configs, ...others])]);
}

/** The files of the sshd that was looked at, with links resolved. */
function ownKeyFilesNow({ otherWays }: Pairing): ReadonlySet<string> {
  const { files } = findKeyFiles([...otherWays.keyFiles, ...namesInConfig(otherWays.configs)]);
  return new Set(files.map(real));
}

/** The files that may hold a guest's key now, without the lease's own. */
export function otherKeyFiles(pairing: Pairing): readonly string[] {
  const own = real(pairing.lease.keyFile);
  return keyFilesNow(pairing).files.filter((path) => real(path) !== own);
}

/**
 * Lines that let these guests in past the gate. From now on the host knows of them.
 * @throws Refusal `key-already-present` if guests come through the sshd that reads them, and no gate is to be in front,
 * or none can be
 */
export function noteLines(pairing: Pairing, guests: readonly Guest[]): readonly KeyLine[] {
  const { otherWays, lease, gateExisting } = pairing;
  const found = keyFilesNow(pairing);
  // The grant checks the lease's own file.
  const paths = gateExisting ? found.files : otherKeyFiles(pairing);
  const lines = findKeyLines(lease, guests, paths);
  const ownFiles = isInOwnFile(lease) ? new Set<string>() : ownKeyFilesNow(pairing);
  if (!isInOwnFile(lease)) {
    // What another sshd reads is only reported, as with a private one: no line of ours could stand in front of it.
    const own = lines.filter(({ path }) => ownFiles.has(real(path)));
    const ahead = own.find(({ path }) => isAhead(pairing, path));
    const first = ahead ?? (gateExisting ? undefined : own[0]);
    if (first) refuse({ ...alreadyPresent(first, guests), ...(ahead && { isAhead: true }) });
  }
  const files =
    otherWays.files ??
    keyFileObstacles(found)
      .flatMap((one) => pathOf(one) ?? [])
      .filter((path) => !ownFiles.has(real(path)));
  const writers = guests.filter(({ access }) => access === 'read-write').map(({ label }) => label);
  pairing.otherWays = {
    ...otherWays,
    lines: [...otherWays.lines, ...lines],
    files,
    forwardedTo: [...otherWays.forwardedTo, ...writers],
  };
  return lines;
}

/** What remains of these guests' access, with sshd and the files as they are now. */
export async function remainsOf(live: Live, guests: readonly Guest[]): Promise<Remains> {
  const { lease, otherWays, door, forward } = live;
  const [lasting, others] = await Promise.all([
    live.lookout.lastingWays(),
    runningConfigs().catch(() => otherWays.others), // Those that ran before are still looked at.
  ]);
  const ways = lasting?.filter((one) => !isOfFile(one));
  // An sshd may have started meanwhile, or have ended with what it let in.
  live.otherWays = { ...live.otherWays, others };
  const found = keyFilesNow(live);
  const mayReach =
    door.kind === 'system' && guests.some(({ label }) => otherWays.forwardedTo.includes(label));
  const before = new Set(otherWays.lines.map(idOf));
  const lines = findKeyLines(lease, guests, [...new Set([lease.keyFile, ...found.files])]);
  const files = keyFileObstacles(found).filter((one) => !otherWays.files?.includes(pathOf(one) ?? ''));
  return {
    added: lines.filter((line) => !before.has(idOf(line))),
    before: lines.filter((line) => before.has(idOf(line))),
    unknown: [...(ways ?? otherWays.unknown), ...files],
    forwarded: mayReach ? forward : [],
  };
}

/** Whether it comes from files alone, which are checked each time. */
function isOfFile(obstacle: Obstacle): boolean {
  return obstacle.kind === 'unread-key-file' || (obstacle.kind === 'user-ca' && obstacle.line !== undefined);
}

function pathOf(obstacle: Obstacle): string | undefined {
  return 'path' in obstacle ? obstacle.path : undefined;
}

/** Whether there is anything to report. */
export function isSome({ added, before, unknown, forwarded }: Remains): boolean {
  return added.length + before.length + unknown.length + forwarded.length > 0;
}

/** Lines that have been added meanwhile are a failure: access has not ended while they exist. */
export function keysLeft({ added }: Remains): Failure | undefined {
  if (added.length === 0) return undefined;
  const lines = added.map(({ path, line, label, key }) => ({
    guest: label,
    path,
    line,
    fingerprint: key.fingerprint,
  }));
  return { kind: 'keys-left', lines };
}

/**
 * Whether sshd may read a file before the lease's own, so that no line of ours comes first. If the settings are not
 * known, that is every file except the one beside it that comes second by default.
 */
function isAhead({ otherWays, lease }: Pairing, path: string): boolean {
  if (real(path) === real(lease.keyFile)) return false;
  if (otherWays.keyFiles.length === 0) return path !== `${lease.keyFile}2`;
  const is = (names: readonly string[]): boolean =>
    findKeyFiles(names).files.some((file) => real(file) === real(path));
  if (is(otherWays.ahead)) return true;
  if (is(otherWays.keyFiles)) return false;
  // Of another sshd; or a name with a blank, of which sshd prints only the words.
  return otherWays.ahead.length > 0 || !is(otherWays.configs.flatMap(namesOf));
}

function alreadyPresent({ path, line, label, key }: KeyLine, guests: readonly Guest[]) {
  const reference = guests.find((guest) => guest.label === label)?.reference.text ?? label;
  return { kind: 'key-already-present', reference, fingerprint: key.fingerprint, path, line } as const;
}

/** Identifies a line even when others around it have gone. */
function idOf({ path, label, key }: KeyLine): string {
  return `${path}\0${label}\0${key.base64}`;
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
