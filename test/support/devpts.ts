import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { hidingProc } from './hidden-proc.ts';
import { testRun } from './run.ts';

/** How `/dev/pts` is mounted for an account: for an sshd of a plain user it must have `gid=5`, the group tty. */
export type Devpts = 'good' | 'without-gid';

/** A mount namespace of its own, for as long as it is not disposed of. */
export interface OwnDevpts extends AsyncDisposable {
  /** A process in it. */
  readonly holder: number;
}

const path = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Whether `/dev/pts` is mounted with `gid=5`. Of several mounts there, the last one counts. */
export function isGood(mounts = readFileSync('/proc/mounts', 'utf8')): boolean {
  const devpts = mounts.split('\n').findLast((line) => line.split(' ')[1] === '/dev/pts');
  return devpts !== undefined && /\bgid=5\b/.test(devpts);
}

/**
 * Mounts a `/dev/pts` of its own. As root; it ends with the test runner, also where that is killed.
 * @param files what stands at these paths instead of what is there, by text
 * @param proc whether /proc is there
 */
export async function mountDevpts(
  how: Devpts,
  files: Readonly<Record<string, string>> = {},
  proc = true,
): Promise<OwnDevpts> {
  const options = `newinstance,mode=620,ptmxmode=666${how === 'good' ? ',gid=5' : ''}`;
  const folder = mkdtempSync(`${testRun().folder}/m`);
  chmodSync(folder, 0o755);
  const binds = Object.entries(files).map(([path, text], n) => {
    writeFileSync(`${folder}/${n}`, text, { mode: 0o644 });
    // One that is not there needs a folder that has it; so does one that useradd of another test replaces by a rename, which
    // would take away what is mounted on it.
    const isThere = /^\/etc\/(passwd|group|g?shadow)$/.test(path) ? 'false' : `[ -e '${path}' ]`;
    const at = dirname(path);
    // What goes meanwhile, as the locks of a useradd, is not missed.
    const made = `{ cp -a '${at}' '${folder}/of${n}' 2>/dev/null || [ -d '${folder}/of${n}' ]; } && mount --bind '${folder}/of${n}' '${at}' && touch '${path}'`;
    return ` && { ${isThere} || { ${made}; }; } && mount --bind '${folder}/${n}' '${path}'`;
  });
  const script = `mount -t devpts -o ${options} devpts /dev/pts && mount --bind /dev/pts/ptmx /dev/ptmx${binds.join('')}${proc ? '' : ` && ${hidingProc(folder)}`} && echo ready && read _`;
  const holder = spawn('unshare', ['-m', 'sh', '-c', script, 'sh', testRun().folder], {
    env: { PATH: path },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'exit');
  const first = await Promise.race([once(holder.stdout, 'data'), ended.then(() => undefined)]);
  if (!first || holder.pid === undefined) throw new Error('no /dev/pts of its own could be mounted');
  return {
    holder: holder.pid,
    [Symbol.asyncDispose]: async () => {
      holder.stdin.end();
      await ended;
    },
  };
}
