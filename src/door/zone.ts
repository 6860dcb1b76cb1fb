/** Local time as sshd reads it. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The zone that the system's daemons run in (not `$TZ`'s): UTC if none is set, `undefined` if its name can't be found.
 */
export function systemZone(etc = '/etc', zoneinfo = '/usr/share/zoneinfo'): string | undefined {
  const localtime = join(etc, 'localtime');
  if (!existsSync(localtime)) return 'UTC';
  const [, linked] = realpathSync(localtime).split(/\/zoneinfo(?:\.default)?\/(?:posix\/|right\/)?/);
  return linked ?? nameOfCopy(localtime, etc, zoneinfo);
}

/**
 * The name of a zone file that was copied to its place, not linked: what `/etc/timezone` says, if that is still true.
 */
function nameOfCopy(localtime: string, etc: string, zoneinfo: string): string | undefined {
  try {
    const name = readFileSync(join(etc, 'timezone'), 'utf8').trim();
    return readFileSync(join(zoneinfo, name)).equals(readFileSync(localtime)) ? name : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Zones whose standard time is that of summer, as the time zone database has it: they put the clock back for winter.
 */
const reversed: ReadonlySet<string> = new Set([
  'Europe/Dublin',
  'Eire',
  'Africa/Casablanca',
  'Africa/El_Aaiun',
]);

/**
 * How far a zone's standard time is ahead of UTC around an instant, in seconds. sshd takes a time without `Z` for
 * standard time, even in summer (measured with OpenSSH 9.2: it leaves `tm_isdst` 0).
 * @param epoch seconds
 * @returns `undefined` for a zone that is not known here
 */
export function standardOffset(zone: string, epoch: number): number | undefined {
  const year = new Date(epoch * 1000).getUTCFullYear();
  try {
    const offsets = [0, 3, 6, 9].map((month) => offsetAt(zone, Date.UTC(year, month)));
    return reversed.has(zone) ? Math.max(...offsets) : Math.min(...offsets);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Seconds. @throws RangeError for a zone that is not known */
function offsetAt(timeZone: string, milliseconds: number): number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(milliseconds).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0', seconds = '0'] =
    /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}
