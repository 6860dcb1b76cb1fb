import { closeSync, openSync, readSync } from 'node:fs';
import { refuse } from '../domain/failure.ts';
import { capture } from '../spawn/capture.ts';
import { installHint } from '../system/installer.ts';
import { pathFolders, which } from '../system/which.ts';
import { standardOffset } from './zone.ts';

/** Major and minor of an OpenSSH release, e.g. `[9, 2]`. */
export type SshdVersion = readonly [number, number];

/** 7.2 adds `restrict`; 7.4 is the oldest that any supported system still ships. */
const floor: SshdVersion = [7, 4];

/** The absolute path of sshd, which is often not on an ordinary user's `PATH`. @throws Refusal `program-missing` */
export function findSshd(env: NodeJS.ProcessEnv): string {
  const folders = [...pathFolders(env.PATH), '/usr/sbin', '/usr/local/sbin', '/sbin'];
  const found = which('sshd', folders);
  if (found !== undefined) return found;
  const hint = installHint('sshd', 'install the OpenSSH server');
  return refuse({ kind: 'program-missing', program: 'sshd', hint });
}

/** The version in the greeting of an OpenSSH server: `SSH-2.0-OpenSSH_9.2p1 Debian-2`; `undefined` if it hides it. */
export function bannerVersion(greeting: string): SshdVersion | undefined {
  return versionIn(/^SSH-[\d.]+-(OpenSSH_\S+)/.exec(greeting)?.[1] ?? '');
}

/**
 * The version as it stands in the program file, or else as the program reports it.
 * @throws Refusal `program-too-old`, `program-failed`
 */
export async function sshdVersion(sshd: string): Promise<SshdVersion> {
  const written = versionWithin(sshd);
  if (written) return newEnough(written);
  // Before 9.2, -V is an unknown option, but the complaint names the version, too.
  const { stdout, stderr } = await capture(sshd, ['-V'], { timeoutMs: 5000 });
  const all = [stdout, stderr].filter((text) => text !== '').join('\n');
  const version = versionIn(all);
  if (version) return newEnough(version);
  return refuse({ kind: 'program-failed', program: sshd, doing: 'telling its version', detail: all });
}

/** How many characters of a name to look at. */
const longestName = 24;

/**
 * The release that an sshd was built as: its own name for it, which ends in a `p` and a number; other names are of
 * peers. Reads in pieces: getting memory for a whole program takes longer than reading it.
 */
function versionWithin(sshd: string): SshdVersion | undefined {
  try {
    const file = openSync(sshd, 'r');
    try {
      const piece = Buffer.allocUnsafe(65_536);
      for (let from = 0; ; from += piece.length - longestName) {
        const length = readSync(file, piece, 0, piece.length, from);
        const name = nameIn(piece.subarray(0, length));
        if (name !== undefined || length < piece.length) return versionIn(name ?? '');
      }
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined; // It may be executable, but not readable.
  }
}

function nameIn(program: Buffer): string | undefined {
  for (let at = program.indexOf('OpenSSH_'); at !== -1; at = program.indexOf('OpenSSH_', at + 1)) {
    const name = program.toString('latin1', at, at + longestName);
    if (/^OpenSSH_\d+\.\d+p\d/.test(name)) return name;
  }
  return undefined;
}

function versionIn(text: string): SshdVersion | undefined {
  const [, major, minor] = /OpenSSH_(\d+)\.(\d+)/.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}

/** @throws Refusal `program-too-old` */
export function newEnough(version: SshdVersion): SshdVersion {
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
 * The value of `expiry-time` for an instant; `undefined` if this sshd has no such option. From 7.7 on it is in the
 * standard time of the zone that sshd runs in; from 9.1 on in UTC, with a `Z` at which older ones would refuse the
 * whole line. Left out if that zone is not known: an hour too early would let nobody in.
 * @param epoch seconds
 * @param zone the machine's own time zone, not `$TZ`'s
 */
export function expiryTime(
  version: SshdVersion,
  epoch: number,
  zone: () => string | undefined,
): string | undefined {
  if (isAtLeast(version, [9, 1])) return `${stamp(epoch)}Z`;
  if (!isAtLeast(version, [7, 7])) return undefined;
  const offset = standardOffset(zone() ?? '', epoch);
  return offset === undefined ? undefined : stamp(epoch + offset);
}

/** `YYYYMMDDHHMMSS` in UTC. */
function stamp(epoch: number): string {
  return new Date(epoch * 1000).toISOString().replace(/\..*|\D/g, '');
}
