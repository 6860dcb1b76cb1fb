import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isOwnOrRoots } from '../system/ownership.ts';
import { userOf } from '../system/process-user.ts';

/** An sshd that runs on this machine and waits for connections. */
export interface Listener {
  readonly pid: number;
  readonly uid: number;
  /** The absolute path by which it was started. */
  readonly program: string;
  /** Those of its arguments that choose its configuration. */
  readonly config: readonly string[];
}

/** Every such sshd of root's or our own that can be seen. Others could use that name to mislead us. */
export async function listeners(): Promise<Listener[]> {
  const processes = process.platform === 'linux' ? fromProc() : await fromPs();
  return processes.flatMap(({ pid, uid, command }) => {
    const config = isOwnOrRoots({ uid }) ? listenerConfig(command) : undefined;
    return config ? [{ pid, uid, program: programIn(command), config }] : [];
  });
}

/**
 * The configuration's arguments in an sshd's command line; `undefined` if it is not a listener's. While it runs, sshd
 * shows itself as `sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups`; older ones as they were started.
 */
export function listenerConfig(command: string): string[] | undefined {
  const [, args] = /^(?:sshd: )?\/\S*\/sshd(?= |$)(.*?)(?: \[listener\].*)?$/.exec(command.trim()) ?? [];
  if (args === undefined) return undefined;
  const words = args.split(' ').filter((word) => word !== '');
  if (words.some((word) => /^-[a-zA-Z]*[iTtGR]/.test(word) && !/^-[fpo]/.test(word))) return undefined;
  // sshd takes no words besides options: words after a value are the rest of it, which had blanks.
  const whole: string[] = [];
  for (const word of words) {
    const last = whole.at(-1) ?? '';
    const goesOn = !word.startsWith('-') && (/^-[fpo]./.test(last) || (!last.startsWith('-') && last !== ''));
    if (goesOn) whole[whole.length - 1] = `${last} ${word}`;
    else whole.push(word);
  }
  return whole.flatMap((word, index) => {
    const value = whole[index + 1];
    if (/^-[fpo].+/.test(word)) return [word];
    return /^-[fpo]$/.test(word) && value !== undefined ? [word, value] : [];
  });
}

/** The program in a listener's command line. */
export function programIn(command: string): string {
  return /^(?:sshd: )?(\/\S*\/sshd)/.exec(command.trim())?.[1] ?? '';
}

/**
 * Whether a process has one of these sockets open; `undefined` if that can't be seen, as with other users' processes.
 */
export function holdsSocket(pid: number, inodes: readonly string[]): boolean | undefined {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((name) => {
      const [, inode = ''] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${name}`)) ?? [];
      return inodes.includes(inode);
    });
  } catch {
    return undefined;
  }
}

/**
 * Whether a process finds at these paths what we do, unlike one in a container or a chroot. Compares the mounts that
 * both see: those of a process in a chroot are named as it sees them.
 */
export function sharesFiles(pid: number, paths: readonly string[]): boolean {
  if (process.platform !== 'linux') return true;
  const [theirs, ours] = [mountsOf(pid), mountsOf('self')];
  return paths.every((path) => {
    const mount = mountAt(theirs, path);
    return mount !== undefined && mount === mountAt(ours, path);
  });
}

interface Mount {
  readonly at: string;
  /** Which folder of which file system. */
  readonly what: string;
}

/** Empty if they can't be seen. */
function mountsOf(pid: number | 'self'): Mount[] {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, 'latin1')
      .split('\n')
      .flatMap((line) => {
        const [, , device, root, at] = line.split(' ');
        if (at === undefined) return [];
        return [
          {
            at: at.replaceAll(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8))),
            what: `${device} ${root}`,
          },
        ];
      });
  } catch {
    return [];
  }
}

/** What is mounted over a path: the last of the nearest mounts. */
function mountAt(mounts: readonly Mount[], path: string): string | undefined {
  const above = mounts.filter(({ at }) => at === '/' || path === at || path.startsWith(`${at}/`));
  return above.reduce<Mount | undefined>(
    (best, one) => (one.at.length >= (best?.at.length ?? 0) ? one : best),
    undefined,
  )?.what;
}

/**
 * When a process began, in ms since the epoch; `undefined` if that can't be known, for example if `/proc/uptime` is a
 * container's and the process's start counts from the machine's boot.
 */
export function startedAt(pid: number): number | undefined {
  try {
    const now = Date.now();
    const booted = now - Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1000;
    const startOf = (name: number | 'self'): number => {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      return booted + Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) * 10;
    };
    const [theirs, ours] = [startOf(pid), startOf('self')];
    return ours <= now + 100 && theirs <= now + 100 ? theirs : undefined;
  } catch {
    return undefined;
  }
}

interface Running {
  readonly pid: number;
  readonly uid: number;
  readonly command: string;
}

/** The processes that may be an sshd. */
function fromProc(): Running[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').trimEnd();
        if (!command.includes('/sshd')) return [];
        // A set-user-id program of root's runs as root, with the words of whoever has started it.
        const uid = userOf(Number(name));
        return uid === undefined ? [] : [{ pid: Number(name), uid, command }];
      } catch {
        return []; // It has just ended.
      }
    });
}

async function fromPs(): Promise<Running[]> {
  const { execa } = await import('execa');
  const { stdout = '' } = await execa('ps', ['-A', '-o', 'pid=', '-o', 'uid=', '-o', 'args='], {
    reject: false,
    stdin: 'ignore',
    timeout: 3000,
  });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, uid, command = ''] = /^\s*(\d+)\s+(\d+) (.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), uid: Number(uid), command }];
  });
}
