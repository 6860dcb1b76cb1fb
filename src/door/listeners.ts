import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { connect } from 'node:net';

/** An sshd that runs on this machine and waits for connections. */
export interface Listener {
  readonly pid: number;
  /** Those of its arguments that say which configuration it has. */
  readonly config: readonly string[];
}

/** Every such sshd of root's or our own that can be seen. Others could call themselves so, to mislead us. */
export async function listeners(): Promise<Listener[]> {
  const processes = process.platform === 'linux' ? fromProc() : await fromPs();
  return processes.flatMap(({ pid, uid, command }) => {
    const config = uid === 0 || uid === process.geteuid?.() ? listenerConfig(command) : undefined;
    return config ? [{ pid, config }] : [];
  });
}

/**
 * The configuration's arguments in an sshd's command line, `undefined` where it is no listener's. While it runs, sshd
 * shows itself as `sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups`; older ones as they were started.
 */
export function listenerConfig(command: string): string[] | undefined {
  const [, args] = /^(?:sshd: )?\/\S*\/sshd(?= |$)(.*?)(?: \[listener\].*)?$/.exec(command.trim()) ?? [];
  if (args === undefined) return undefined;
  const words = args.split(' ').filter((word) => word !== '');
  if (words.some((word) => /^-[a-zA-Z]*[iTtGR]/.test(word) && !/^-[fpo]/.test(word))) return undefined;
  return words.flatMap((word, index) => {
    const value = words[index + 1];
    if (/^-[fpo].+/.test(word)) return [word];
    return /^-[fpo]$/.test(word) && value !== undefined ? [word, value] : [];
  });
}

/** Whether somebody listens on a TCP port of this machine's. Who is listed in proc(5) is not disturbed. */
export async function isListening(port: number): Promise<boolean> {
  const isLinux = process.platform === 'linux';
  return (isLinux && ['tcp', 'tcp6'].some((name) => isListed(`/proc/net/${name}`, port))) || accepts(port);
}

/** Read in pieces, and no further than listeners go, which Linux lists first: for the rest it takes some milliseconds. */
function isListed(path: string, port: number): boolean {
  try {
    const file = openSync(path, 'r');
    try {
      const piece = Buffer.allocUnsafe(600);
      for (let rows = ''; ; rows = rows.slice(rows.lastIndexOf('\n') + 1)) {
        const length = readSync(file, piece, 0, piece.length, null);
        rows += piece.toString('latin1', 0, length);
        if (listensIn(rows, port)) return true;
        if (length === 0 || /^ *\d+: \S+ \S+ (?!0A)[0-9A-F]{2} /m.test(rows)) return false;
      }
    } finally {
      closeSync(file);
    }
  } catch {
    return false; // There is no IPv6.
  }
}

/** @param table as in `/proc/net/tcp`: an address and port in hexadecimal, that of the peer, the state, where 0A is LISTEN */
export function listensIn(table: string, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return new RegExp(`^ *\\d+: [0-9A-F]+:${hex} [0-9A-F]+:0000 0A `, 'm').test(table);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2000 });
    const answer = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => answer(true));
    for (const event of ['error', 'timeout']) socket.once(event, () => answer(false));
  });
}

interface Running {
  readonly pid: number;
  readonly uid: number;
  readonly command: string;
}

/** Those that may be an sshd. */
function fromProc(): Running[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').trimEnd();
        if (!command.includes('/sshd')) return [];
        return [{ pid: Number(name), uid: statSync(`/proc/${name}`).uid, command }];
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
