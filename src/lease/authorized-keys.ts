/**
 * The text of an `authorized_keys` file, as data in and data out. Text is latin1, one character a byte, so foreign
 * lines pass through unchanged whatever their encoding.
 *
 * Our lines stand at the top of the file, one per key, and are known by the comment at their end:
 *
 *     restrict,pty,expiry-time="…",command="exec /bin/sh DIR/gate LABEL" TYPE BASE64 tmuxpair:ID:LABEL
 *     restrict,pty,expiry-time="…",command="exec /bin/sh DIR/2/gate LABEL" TYPE BASE64 tmuxpair:ID:LABEL
 *
 * The lines name the gate's interpreter, since the gate's folder may be mounted `noexec`; older versions left it out.
 *
 * A file that did not exist before is marked in that comment (`created=file`, or `created=folder` if `.ssh` did not
 * exist either). Whoever takes the last line back then knows to remove the file, even if pairings overlapped or the
 * machine was rebooted.
 */
import type { Label } from '../domain/guest.ts';
import { isLeaseId, type LeaseId } from '../domain/lease-id.ts';
import { isSpelling, type PublicKey, rsaStart } from '../domain/public-key.ts';

export type Created = 'file' | 'folder';

export interface Grant {
  readonly label: Label;
  readonly key: PublicKey;
  /** Which of the guest's keys, from 1. */
  readonly number: number;
}

export interface LineOptions {
  readonly id: LeaseId;
  /** Absolute path of the gate. Must pass {@link isSafeToken}. */
  readonly gate: string;
  /** The value of `expiry-time`; absent if this sshd has no such option. */
  readonly expiry?: string | undefined;
  /** Ports that guests may reach on 127.0.0.1, or `any` for the ancestor's `--allow-port-forwarding`. */
  readonly forward: readonly number[] | 'any';
}

export interface LeaseLine {
  readonly id: LeaseId;
  readonly label: string;
  /**
   * The gate's folder, if the whole line is as we write it: options, key and comment. If not, anybody may have written
   * it.
   */
  readonly folder?: string;
  /** `expiry-time` as it stands in the line. */
  readonly expiry?: string;
  /** 1-based. */
  readonly line: number;
}

/** Whether `token` needs no quoting in a forced command, whatever the login shell. */
export function isSafeToken(token: string): boolean {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(token);
}

/** The lines that let `grants` in. Every token was checked before: an unsafe one is a bug. */
export function leaseLines(grants: readonly Grant[], options: LineOptions): string[] {
  return grants.map(({ label, key, number }) => {
    if (!isSafeToken(options.gate) || !isSafeToken(label))
      throw new Error('unsafe token in a forced command');
    const words = [
      'restrict',
      'pty',
      ...(options.expiry === undefined ? [] : [`expiry-time="${options.expiry}"`]),
      ...forwardOptions(options.forward),
      `command="exec /bin/sh ${gateFor(options.gate, number)} ${label}"`,
    ];
    return `${words.join(',')} ${key.type} ${key.base64} tmuxpair:${options.id}:${label}`;
  });
}

/** The path by which a guest's key `number`, from 1, runs the gate. The path tells the gate which key it is. */
function gateFor(gate: string, number: number): string {
  return number === 1 ? gate : gate.replace(/gate$/, `${number}/gate`);
}

/** `permitlisten` names port 1 of loopback, where no unprivileged user can listen: remote forwards stay shut. */
function forwardOptions(forward: LineOptions['forward']): string[] {
  if (forward === 'any') return ['port-forwarding'];
  if (forward.length === 0) return [];
  const open = forward.flatMap((port) => [
    `permitopen="127.0.0.1:${port}"`,
    `permitopen="localhost:${port}"`,
  ]);
  return ['port-forwarding', ...open, 'permitlisten="127.0.0.1:1"'];
}

/**
 * The lines to put on top, and the text below them: mostly the same string, since it may be long and a copy costs time.
 * @param text `undefined` if the file does not exist
 * @param folderAbsent whether the file's folder did not exist either
 */
export function withLease(
  text: string | undefined,
  lines: readonly string[],
  folderAbsent = false,
): { readonly top: string; readonly text: string } {
  const inherited = text === undefined ? 'file' : createdOfAll(text);
  const created = inherited && folderAbsent ? 'folder' : inherited;
  const mark = created ? ` created=${created}` : '';
  const below = created === 'folder' ? (text ?? '').replaceAll(/ created=file$/gm, mark) : (text ?? '');
  return { top: lines.map((line) => `${line}${mark}\n`).join(''), text: below };
}

/**
 * The text without the lines of `id`, or of one guest only if `label` is given. Nothing else changes.
 * @returns `text: undefined` if the file is to be removed; `folder` tells whether its folder is, too
 */
export function withoutLease(
  text: string,
  id: LeaseId,
  label?: string,
): { text: string | undefined; folder: boolean; removed: number } {
  const kept: string[] = [];
  let created: Created | undefined;
  let at = 0;
  let removed = 0;
  for (const ours of rawLeaseLines(text, `tmuxpair:${id}:`)) {
    if (label !== undefined && ours.label !== label) continue;
    kept.push(text.slice(at, ours.start));
    at = ours.end;
    removed += 1;
    created = ours.created ?? created;
  }
  const rest = kept.join('') + text.slice(at);
  const gone = rest === '' && created !== undefined;
  return { text: gone ? undefined : rest, folder: gone && created === 'folder', removed };
}

/** The text with another `expiry-time` in the lines of `id`. Lines without one stay as they are. */
export function withExpiry(text: string, id: LeaseId, expiry: string): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of rawLeaseLines(text, `tmuxpair:${id}:`)) {
    const line = text.slice(start, end).replace(/(^|,)expiry-time="[0-9]+Z?"/, `$1expiry-time="${expiry}"`);
    parts.push(text.slice(at, start), line);
    at = end;
  }
  return parts.join('') + text.slice(at);
}

/** Every line of any lease, from any version of this program, in order. */
export function leaseLinesIn(text: string): LeaseLine[] {
  const found: LeaseLine[] = [];
  let [line, counted] = [1, 0];
  for (const ours of rawLeaseLines(text, 'tmuxpair:')) {
    for (
      let nl = text.indexOf('\n', counted);
      nl !== -1 && nl < ours.start;
      nl = text.indexOf('\n', counted)
    ) {
      line += 1;
      counted = nl + 1;
    }
    const raw = text.slice(ours.start, ours.end);
    const folder = folderIn(raw, ours);
    const expiry = /(?:^|,)expiry-time="([0-9]+Z?)"/.exec(raw)?.[1];
    found.push({
      id: ours.id,
      label: ours.label,
      line,
      ...(folder === undefined ? {} : { folder }),
      ...(expiry === undefined ? {} : { expiry }),
    });
  }
  return found;
}

const wholeLine =
  /^(restrict,(?:[^\s"]|"[^"\\]*")+) [a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2} tmuxpair:[a-z2-7]{12}:[A-Za-z0-9_-]+(?: created=(?:file|folder))?\s*$/;

/** The folder of the gate that a line forces its key into, if the line is whole and its own comment names that gate. */
function folderIn(line: string, { id, label }: Pick<LeaseLine, 'id' | 'label'>): string | undefined {
  const [, options = ''] = wholeLine.exec(line) ?? [];
  const commands = [...options.matchAll(/,command="([^"]*)"/g)].map(([, command = '']) => command);
  const [, folder, whose] =
    /^exec (?:\/bin\/sh )?(\/[A-Za-z0-9_@%+=:,./-]+?)(?:\/[0-9]{1,6})?\/gate (\S+)$/.exec(
      commands[0] ?? '',
    ) ?? [];
  return commands.length === 1 && whose === label && folder?.endsWith(`/${id}`) ? folder : undefined;
}

/**
 * Where `key` already stands in the text: in which line, 1-based, with or without options, whether or not sshd would
 * accept that line today; and in which lease, if the line is one of ours.
 * @param root the run directory, if lines that lead to a gate in it don't count
 */
export function findKey(text: string, key: PublicKey, root?: string): FoundKey | undefined {
  const read = asSshdReads(text);
  for (const at of placesOf(read, key.base64)) {
    const start = read.lastIndexOf('\n', at) + 1;
    const end = endOfLine(read, at);
    if (/^[ \t]*#/.test(read.slice(start, end)) || !/[ \t]/.test(read[at - 1] ?? '')) continue;
    const lease = rawLeaseLines(read.slice(start, end), 'tmuxpair:').next().value?.id;
    if (root !== undefined && leadsToGate(read.slice(start, at), root)) continue;
    const line = read.slice(0, start).split('\n').length;
    return { line, ...(lease === undefined ? {} : { lease }) };
  }
  return undefined;
}

export interface FoundKey {
  readonly line: number;
  readonly lease?: LeaseId;
}

/** The text without what sshd skips within base64: white space that is neither a blank nor the end of a line. */
export function asSshdReads(text: string): string {
  const has = ['\v', '\f', '\r'].some((space) => text.includes(space));
  return has ? text.replaceAll(/[\v\f\r]/g, '') : text;
}

/**
 * Where the base64 of a key begins, as a whole word, from the top. For RSA keys other spellings count, too.
 * @param text as {@link asSshdReads} gives it
 */
export function placesOf(text: string, base64: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(base64); at !== -1; at = text.indexOf(base64, at + 1))
    if (/\s/.test(text[at + base64.length] ?? '\n')) found.push(at);
  if (!base64.startsWith(rsaStart)) return found;
  for (let at = text.indexOf(rsaStart); at !== -1; at = text.indexOf(rsaStart, at + 1)) {
    base64Word.lastIndex = at;
    if (isSpelling(base64Word.exec(text)?.[0] ?? '', base64)) found.push(at);
  }
  return found.sort((one, other) => one - other);
}

const base64Word = /[A-Za-z0-9+/]+={0,2}(?!\S)/y;

/** Whether the text in front of a key is as we write it, for a gate below `root`. */
export function leadsToGate(front: string, root: string): boolean {
  const [options = '', command = '', ...more] = front.split('command="exec ');
  const [shell, gate = ''] = command.split(`${root}/`);
  return (
    more.length === 0 &&
    /^restrict,pty,([a-z-]+(="[^"]*")?,)*$/.test(options) &&
    !/environment|cert-authority/.test(options) &&
    (shell === '' || shell === '/bin/sh ') &&
    /^[a-z2-7]{12}(\/[0-9]{1,6})?\/gate [A-Za-z0-9_-]{1,64}" [a-z0-9@.-]+ $/.test(gate)
  );
}

interface RawLine {
  readonly id: LeaseId;
  readonly label: string;
  readonly created?: Created;
  /** Offsets of the line, including its line end. */
  readonly start: number;
  readonly end: number;
}

const ownComment = /[ \t]tmuxpair:([a-z2-7]{12}):([A-Za-z0-9_-]{1,64})(?: created=(file|folder))?[ \t\r]*$/;

function* rawLeaseLines(text: string, needle: string): Generator<RawLine, undefined> {
  let at = text.indexOf(needle);
  while (at !== -1) {
    const start = text.lastIndexOf('\n', at) + 1;
    const stop = endOfLine(text, at);
    const line = text.slice(start, stop);
    const [, id = '', label = '', created] = ownComment.exec(line) ?? [];
    const end = Math.min(stop + 1, text.length);
    if (isLeaseId(id) && `tmuxpair:${id}:`.startsWith(needle) && !/^[ \t]*#/.test(line)) {
      yield { id, label, start, end, ...(created ? { created: created as Created } : {}) };
    }
    at = end < text.length ? text.indexOf(needle, end) : -1;
  }
  return undefined;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

/** What was made for a file that holds nothing but marked lines; `undefined` if it holds anything else. */
function createdOfAll(text: string): Created | undefined {
  let created: Created | undefined;
  let at = 0;
  if (!text.slice(0, endOfLine(text, 0)).includes('tmuxpair:')) return undefined; // The rest may be long.
  for (const ours of rawLeaseLines(text, 'tmuxpair:')) {
    if (ours.start !== at || !ours.created) return undefined;
    created = ours.created;
    at = ours.end;
  }
  return at === text.length ? created : undefined;
}
