import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { refuse } from '../domain/failure.ts';

/** Major and minor of an OpenSSH release, e.g. `[9, 2]`. */
export type SshdVersion = readonly [number, number];

/** `restrict` is from 7.2; 7.4 is the oldest that any supported system still ships. */
const floor: SshdVersion = [7, 4];

/** The absolute path of sshd, which is often not on a plain user's `PATH`. @throws Refusal `program-missing` */
export function findSshd(env: NodeJS.ProcessEnv): string {
  const folders = [...(env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin'];
  const found = folders.map((folder) => join(folder || '.', 'sshd')).find(isExecutable);
  const hint = 'install the OpenSSH server: apt install openssh-server, or on macOS turn on Remote Login';
  return found ?? refuse({ kind: 'program-missing', program: 'sshd', hint });
}

/** @throws Refusal `program-too-old`, `program-failed` */
export async function sshdVersion(sshd: string): Promise<SshdVersion> {
  // Before 9.2, -V is an unknown option, whose complaint names the version all the same.
  const { all = '' } = await execa(sshd, ['-V'], {
    reject: false,
    stdin: 'ignore',
    all: true,
    timeout: 5000,
  });
  const [, major, minor] = /OpenSSH_(\d+)\.(\d+)/.exec(all) ?? [];
  if (major === undefined || minor === undefined) {
    return refuse({ kind: 'program-failed', program: sshd, doing: 'telling its version', detail: all });
  }
  const version: SshdVersion = [Number(major), Number(minor)];
  if (isAtLeast(version, floor)) return version;
  return refuse({
    kind: 'program-too-old',
    program: 'sshd',
    found: version.join('.'),
    floor: floor.join('.'),
    reason: 'older ones can not confine a guest to one program',
  });
}

export function isAtLeast([major, minor]: SshdVersion, [wantedMajor, wantedMinor]: SshdVersion): boolean {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/**
 * The value of `expiry-time` for an instant, or `undefined` where this sshd has no such option: from 7.7, in the
 * zone that sshd runs in; from 9.1 in UTC, with a `Z` at which older ones would refuse the whole line.
 * @param epoch seconds
 * @param zone the machine's own time zone, not `$TZ`'s
 */
export function expiryTime(version: SshdVersion, epoch: number, zone: () => string): string | undefined {
  if (isAtLeast(version, [9, 1])) return `${stamp(epoch, 'UTC')}Z`;
  return isAtLeast(version, [7, 7]) ? stamp(epoch, zone()) : undefined;
}

function stamp(epoch: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-GB-u-nu-latn', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const parts = new Map(format.formatToParts(epoch * 1000).map(({ type, value }) => [type, value]));
  return ['year', 'month', 'day', 'hour', 'minute', 'second']
    .map((part) => parts.get(part as 'year') ?? '')
    .join('');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
