/** A lease: made, granted and taken back. Effects on the run directory and on the `authorized_keys` file. */

import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Deadline } from '../domain/deadline.ts';
import { Refusal, refuse } from '../domain/failure.ts';
import type { Access, Guest, Label } from '../domain/guest.ts';
import type { KeyLine } from '../domain/key-line.ts';
import { inLease, type LeaseName, leaseFolders } from '../domain/lease-folder.ts';
import { type LeaseId, newLeaseId } from '../domain/lease-id.ts';
import { capture } from '../spawn/capture.ts';
import { thisAccount } from '../system/account.ts';
import { homeFolder } from '../system/home.ts';
import { namesIn } from '../system/names-in.ts';
import { replaceFile } from '../system/replace-file.ts';
import {
  findKey,
  type LineOptions,
  leaseLines,
  leaseLinesIn,
  withExpiry,
  withLease,
  withoutLease,
} from './authorized-keys.ts';
import {
  type Edited,
  editKeyFile,
  hasFolder,
  holds,
  isLeftBehind,
  makeFolder,
  readKeyFile,
  removeFolderIfEmpty,
} from './key-file.ts';
import type { WrittenLine } from './lines.ts';
import { isRunning, machineName, thisProcess } from './process.ts';
import { readRecord, syncRecord, writeRecord } from './record.ts';
import { writeBelow } from './run-directory.ts';
import {
  admitScript,
  clockScript,
  doorFlag,
  emptyHomeIn,
  type GateContext,
  gateScript,
  severScript,
  switchScript,
} from './scripts.ts';

export interface Lease {
  readonly id: LeaseId;
  readonly folder: string;
  readonly gate: string;
  readonly clock: string;
  readonly deadMan: string;
  /** What a process that guests come through is started by (see `admitScript`). */
  readonly admit: string;
  /** Where a private sshd has a guest's login shell look for start-up files: an empty folder (see `inOwnFile`). */
  readonly emptyHome: string;
  /** The `authorized_keys` file as it was named, absolute. */
  readonly keyFile: string;
}

/**
 * Makes a lease's folder, complete or not at all, in the run directory `root`. Nobody is let in yet.
 * @param keyFile the `authorized_keys` file to write to, absolute
 * @throws Refusal `run-directory-refused`
 */
export function createLease(root: string, keyFile: string, now: Date): Lease {
  const id = newLeaseId(machineName());
  const supervisor = thisProcess();
  const folder = join(root, id);
  const staging = asideOf(folder);
  writeBelow(root, () => {
    try {
      for (const path of [staging, ...leaseFolders.map((name) => join(staging, name))]) {
        mkdirSync(path, { mode: 0o700 });
      }
      const folderAbsent = !mayHaveFolder(keyFile);
      writeRecord(staging, {
        version: 1,
        id,
        supervisor,
        keyFile,
        folderAbsent,
        startedAt: now.toISOString(),
      });
      renameSync(staging, folder);
    } catch (error) {
      rmSync(staging, { recursive: true, force: true });
      throw error;
    }
  });
  return {
    id,
    folder,
    keyFile,
    gate: inLease(folder, 'gate'),
    clock: inLease(folder, 'clock'),
    deadMan: inLease(folder, 'switch'),
    admit: inLease(folder, 'admit'),
    emptyHome: emptyHomeIn(folder),
  };
}

/** Whether the file's folder is there, or may be: what is wrong with it, the grant says, if the file is written at all. */
function mayHaveFolder(keyFile: string): boolean {
  try {
    return hasFolder(keyFile);
  } catch {
    return true;
  }
}

/** The lease, for a private sshd: to be written to a file in its own folder instead, once, before a grant. @throws Refusal `run-directory-refused` */
export function inOwnFile(lease: Lease): Lease {
  const keyFile = inLease(lease.folder, 'authorized_keys');
  const record = readRecord(lease.folder);
  if (typeof record === 'string')
    return refuse({
      kind: 'run-directory-refused',
      path: lease.folder,
      problem: 'somebody else has changed it',
    });
  writeBelow(lease.folder, () => writeRecord(lease.folder, { ...record, keyFile, folderAbsent: false }));
  makeEmptyHome(lease);
  return { ...lease, keyFile };
}

/** Whether that is where its lines are: for an sshd of our own. */
export function isInOwnFile({ folder, keyFile }: Pick<Lease, 'folder' | 'keyFile'>): boolean {
  return dirname(keyFile) === folder;
}

/** Makes {@link Lease.emptyHome}, where it is not there. @throws Refusal `run-directory-refused` */
export function makeEmptyHome({ folder, emptyHome }: Lease): void {
  writeBelow(folder, () => mkdirSync(emptyHome, { recursive: true, mode: 0o700 }));
}

/** Writes what the room runs from its start: the clock. @throws Refusal `run-directory-refused` */
export function armClock(lease: Lease, deadline: Deadline, sweep: readonly string[]): void {
  const { folder } = lease;
  writeBelow(folder, () => {
    setDeadline(lease, deadline);
    writeScript(lease, 'sever', severScript(folder));
    writeScript(lease, 'clock', clockScript(folder, thisProcess(), sweep));
  });
}

/**
 * Writes the gate and the dead man's switch, and makes the lease last: nothing is granted before it would be found
 * after a crash of the machine. @throws Refusal `run-directory-refused`
 */
export function armLease(
  lease: Lease,
  gate: Omit<GateContext, 'id' | 'folder' | 'supervisor' | 'uid' | 'home'>,
  sweep: readonly string[],
): void {
  const { id, folder } = lease;
  const { home } = thisAccount();
  const context = { ...gate, id, folder, home, supervisor: thisProcess(), uid: process.geteuid?.() ?? 0 };
  writeBelow(folder, () => {
    writeScript(lease, 'switch', switchScript(folder, sweep));
    writeScript(lease, 'admit', admitScript(context));
    writeScript(lease, 'gate', gateScript(context));
    syncRecord(folder);
  });
}

function writeScript({ folder }: Lease, name: LeaseName, text: string): void {
  writeFileSync(inLease(folder, name), text, { mode: 0o700 });
  chmodSync(inLease(folder, name), 0o700); // Whatever the umask.
}

/**
 * Makes the folder of a lease anew where somebody has removed it while guests were in, with what was last seen of
 * them and nothing else: no gate, no flag. So {@link sever} finds them all the same.
 * @param registered names in `in/`
 * @throws Refusal `run-directory-refused`
 */
export function remakeLease({ folder }: Lease, registered: readonly string[]): void {
  if (registered.length === 0 || existsSync(folder)) return;
  writeBelow(folder, () => {
    mkdirSync(inLease(folder, 'in'), { recursive: true, mode: 0o700 });
    for (const name of registered) writeFileSync(inLease(folder, 'in', name), '', { mode: 0o600 });
  });
}

export function setDeadline(lease: Lease, deadline: Deadline): void {
  replaceFile(inLease(lease.folder, 'deadline'), deadlineText(deadline));
}

/** The deadline as the gate reads it. */
export function deadlineText({ epoch, sinceBoot }: Deadline): string {
  return `${epoch} ${Math.ceil(sinceBoot)}\n`;
}

/** Whether the clock runs; `undefined` where it has not begun yet. */
export function isTicking(lease: Lease): boolean | undefined {
  try {
    const [pid, start = ''] = readFileSync(inLease(lease.folder, 'ticking'), 'latin1').trim().split(' ');
    return isRunning(Number(pid), start);
  } catch {
    return undefined;
  }
}

/** The deadline as the gate reads it, or `undefined` where there is none. */
export function readDeadline(folder: string): Deadline | undefined {
  try {
    const [epoch, sinceBoot] = readFileSync(inLease(folder, 'deadline'), 'latin1').split(' ').map(Number);
    return epoch && sinceBoot ? { epoch, sinceBoot } : undefined;
  } catch {
    return undefined;
  }
}

/** Moves the `expiry-time` of a lease's lines. @throws Refusal as `editKeyFile` */
export async function moveExpiry(lease: Lease, expiry: string): Promise<void> {
  await editKeyFile(lease.keyFile, (text) => {
    const moved = text === undefined ? undefined : withExpiry(text, lease.id, expiry);
    return moved === undefined || moved === text ? 'unchanged' : { text: moved };
  });
}

/** A line as {@link moveExpiry} has left it. */
export function withMovedExpiry({ id }: Lease, line: WrittenLine, expiry: string): WrittenLine {
  return { ...line, text: withExpiry(line.text, id, expiry) };
}

/** Whether guests may come in as far as the host's presence goes. */
export function setHostPresence(lease: Lease, present: boolean): void {
  if (present) writeFileSync(inLease(lease.folder, 'host'), '', { mode: 0o600 });
  else rmSync(inLease(lease.folder, 'host'), { force: true });
}

/** From now on every join waits for the host's yes. */
export function requireApproval(lease: Lease): void {
  writeFileSync(inLease(lease.folder, 'approve'), '', { mode: 0o600 });
}

/** Lets `admit` start what guests come through, until the gate is shut for all. @throws Refusal `run-directory-refused` */
export function openAdmit(lease: Lease): void {
  writeBelow(lease.folder, () => replaceFile(inLease(lease.folder, 'open', doorFlag), 'open\n'));
}

/** Whether the gate is open for a guest. */
export function isGateOpen(lease: Lease, label: Label): boolean {
  return existsSync(inLease(lease.folder, 'open', label));
}

/** Shuts the gate for one guest. */
export function shutGateFor(lease: Lease, label: Label): void {
  rmSync(inLease(lease.folder, 'open', label), { force: true });
}

/** Forgets who of a guest's was let in to look only, whatever their access is. */
export function forgetViews({ folder }: Pick<Lease, 'folder'>, label: Label): void {
  for (const name of namesIn(inLease(folder, 'view')))
    if (name.startsWith(`${label},`)) rmSync(inLease(folder, 'view', name), { force: true });
}

/** Lets a guest through the gate, once a key of theirs brings them there. @throws Refusal `run-directory-refused` */
export function openGate(lease: Lease, label: Label, access: Access): void {
  writeBelow(lease.folder, () => replaceFile(inLease(lease.folder, 'open', label), `${access}\n`));
}

/**
 * Writes the lines of `guests` into the file. Who may only look gets no ports.
 * @param options.check called last before the lines are written, under the file's lock; nothing is written if it throws
 * @param options.stop nothing is written once this is aborted
 * @returns what was written
 * @throws Refusal `key-already-present` unless `gateExisting`; those of `editKeyFile`; the reason of `stop`
 */
export async function grant(
  lease: Lease,
  guests: readonly Guest[],
  options: Omit<LineOptions, 'id' | 'gate'> & WriteOptions,
): Promise<readonly WrittenLine[]> {
  const { id, gate } = lease;
  const lines = guests.flatMap(({ label, keys, access }) =>
    keys.flatMap((key, index) => {
      const forward = access === 'read-only' ? [] : options.forward;
      const grants = [{ label, key, number: index + 1 }];
      return leaseLines(grants, { ...options, forward, id, gate }).map((text) => ({
        label,
        base64: key.base64,
        text,
      }));
    }),
  );
  linkKeys(lease, Math.max(...guests.map(({ keys }) => keys.length)));
  await writeLines(lease, () => lines, guests, options);
  return lines;
}

/**
 * Puts lines back that were granted, all of them, in the place of what is left of them.
 * @param lines asked for under the file's lock: somebody may have been put out meanwhile
 * @param guests whose they are
 * @throws Refusal as {@link grant}
 */
export async function grantAgain(
  lease: Lease,
  lines: () => readonly WrittenLine[],
  guests: readonly Guest[],
  options: WriteOptions,
): Promise<void> {
  linkKeys(lease, Math.max(1, ...guests.map(({ keys }) => keys.length)));
  await writeLines(lease, lines, guests, options, lease.id);
}

interface WriteOptions {
  readonly gateExisting: boolean;
  readonly check?: () => void;
  readonly stop?: AbortSignal;
}

/** @param instead the lease whose lines these take the place of */
async function writeLines(
  lease: Lease,
  lines: () => readonly WrittenLine[],
  guests: readonly Guest[],
  options: WriteOptions,
  instead?: LeaseId,
): Promise<void> {
  const folderAbsent = !hasFolder(lease.keyFile);
  if (folderAbsent) makeFolder(lease.keyFile);
  try {
    const edit = (text: string | undefined, path: string): Edited => {
      options.stop?.throwIfAborted();
      options.check?.();
      const old = text !== undefined && instead ? withoutLease(text, instead) : { text, folder: false };
      if (!options.gateExisting) {
        refuseKnownKeys(guests, path, old.text);
        for (const other of otherFiles(lease, path)) refuseKnownKeys(guests, other, readKeyFile(other));
      }
      const texts = lines().map((line) => line.text);
      return withLease(old.text, texts, folderAbsent || old.folder);
    };
    await editKeyFile(lease.keyFile, edit, { stop: options.stop });
  } catch (error) {
    // The end of another pairing, whose folder it was, may have removed it under us.
    if (!hasFolder(lease.keyFile) && isRefusedFile(error))
      return writeLines(lease, lines, guests, options, instead);
    if (folderAbsent) removeFolderIfEmpty(lease.keyFile);
    throw error;
  }
}

/**
 * The files besides `path` that sshd reads unless told otherwise, perhaps before it; none for a door of our own. It
 * looks for `authorized_keys2` beside the name, not beside what that may be a link to.
 */
function otherFiles({ folder, keyFile }: Lease, path: string): string[] {
  if (isInOwnFile({ folder, keyFile })) return [];
  const own = join(homeFolder(), '.ssh', 'authorized_keys');
  return [...new Set([`${keyFile}2`, own, `${own}2`])].filter((other) => other !== path && other !== keyFile);
}

/** Lines that have a key of these guests and lead to no gate of ours. What can't be read is passed over. */
export function findKeyLines(lease: Lease, guests: readonly Guest[], paths: readonly string[]): KeyLine[] {
  return paths.flatMap((path) => {
    const text = tryToRead(path);
    if (text === undefined) return [];
    return guests.flatMap(({ label, keys }) =>
      keys.flatMap((key): KeyLine[] => {
        const line = findKey(text, key, dirname(lease.folder))?.line;
        return line === undefined ? [] : [{ path, line, label, key }];
      }),
    );
  });
}

function tryToRead(path: string): string | undefined {
  try {
    return readKeyFile(path);
  } catch {
    return undefined;
  }
}

/** Gives the gate a path for every number of a key: links from the lease's folder to itself. */
function linkKeys(lease: Lease, most: number): void {
  for (let number = 2; number <= most; number++) {
    const link = inLease(lease.folder, `${number}`);
    if (!lstatSync(link, { throwIfNoEntry: false })) writeBelow(lease.folder, () => symlinkSync('.', link));
  }
}

/**
 * Takes the lines of `id` back, of one guest or of all. Nothing to take back is no failure.
 * @returns how many there were
 * @throws Refusal `revocation-failed`, which names the lines
 */
export async function revoke(keyFile: string, id: LeaseId, label?: Label): Promise<number> {
  try {
    let [folder, removed] = [false, 0];
    if (!hasFolder(keyFile) || !hasTraces(keyFile, id)) return 0;
    const edit = (text: string | undefined): Edited => {
      if (text === undefined) return 'unchanged';
      const rest = withoutLease(text, id, label);
      ({ folder, removed } = rest);
      if (removed === 0) return 'unchanged';
      return rest.text === undefined ? 'remove' : { text: rest.text };
    };
    await editKeyFile(keyFile, edit, { comesFirst: true });
    if (folder) removeFolderIfEmpty(keyFile);
    return removed;
  } catch (error) {
    return refuse({
      kind: 'revocation-failed',
      path: keyFile,
      lines: linesOf(keyFile, id),
      label: `tmuxpair:${id}:`,
      problem:
        error instanceof Refusal && 'problem' in error.failure
          ? (error.failure.problem ?? '')
          : String(error),
    });
  }
}

/**
 * Shuts the gate and ends the connections of all guests, or of one. Runs the script's text, not its file, which a
 * crash may have left unwritten and which a guest who types could take away.
 * @returns whether none is left
 */
export async function sever(folder: string, label?: Label): Promise<boolean> {
  const { code } = await capture('/bin/sh', ['-s', ...(label === undefined ? [] : ['--', label])], {
    input: severScript(folder),
    cwd: '/', // Our own may have been removed.
  });
  return code === 0;
}

/** Shuts the gate for all, at once. Whoever comes from now on is refused. */
export function shutGate(folder: string): void {
  for (const label of readFolder(inLease(folder, 'open'))) {
    try {
      rmSync(inLease(folder, 'open', label), { force: true });
    } catch {
      // `sever` tries again, and ends who comes in meanwhile.
    }
  }
}

/**
 * Removes a lease's folder. It is moved aside first, so that it goes at one instant: nothing half removed is ever
 * taken for a lease, a late gate finds nothing to register in, and of two who remove it one finds nothing to do.
 * What is left, by a crash or because it can't be removed, the next sweep removes (see `removeStagings`).
 */
export function removeLease(folder: string): void {
  const aside = asideOf(folder);
  try {
    renameSync(folder, aside);
    rmSync(aside, { recursive: true, force: true, maxRetries: 5 });
  } catch {
    // Gone already; or its gate is shut, and its supervisor about to be gone.
  }
}

/**
 * A folder of this process's own in the run directory, for as long as it likes: a sweep removes what it has left behind.
 * @throws Refusal `run-directory-refused`
 */
export function makeOwnFolder(root: string): string {
  const folder = asideOf(join(root, newLeaseId(machineName())));
  writeBelow(root, () => mkdirSync(folder, { mode: 0o700 }));
  return folder;
}

/** Where this process keeps a lease's folder before it is one, and after: named so that a sweep sees whose it was. */
function asideOf(folder: string): string {
  const { pid, start } = thisProcess();
  const id = basename(folder).replace(/^\.([a-z2-7]{12})\..*/, '$1');
  return join(dirname(folder), `.${id}.${pid}.${start}`);
}

function refuseKnownKeys(guests: readonly Guest[], path: string, text: string | undefined): void {
  for (const { reference, keys } of guests) {
    for (const key of keys) {
      const found = text === undefined ? undefined : findKey(text, key);
      if (!found) continue;
      const { fingerprint } = key;
      refuse({ kind: 'key-already-present', reference: reference.text, fingerprint, path, ...found });
    }
  }
}

function isRefusedFile(error: unknown): boolean {
  return error instanceof Refusal && error.failure.kind === 'authorized-keys-refused';
}

/** Where there is nothing to take back, a file that can't be written, or that another holds, is no trouble. */
function hasTraces(keyFile: string, id: LeaseId): boolean {
  return isLeftBehind(keyFile) || holds(keyFile, `tmuxpair:${id}:`);
}

function linesOf(keyFile: string, id: LeaseId): number[] {
  try {
    return leaseLinesIn(readKeyFile(keyFile) ?? '').flatMap((found) => (found.id === id ? [found.line] : []));
  } catch {
    return [];
  }
}

function readFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
