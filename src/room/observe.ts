import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { signalGroup } from '../system/signal.ts';
import type { Room } from './claim.ts';
import { type Client, listClients, parseClients } from './clients.ts';
import { withoutTmux } from './tmux.ts';

export interface Observer {
  /** Resolves when the session, or its server, has ended. */
  readonly ended: Promise<void>;
  stop(): void;
}

/** How often, in ms, to ask for the clients: tmux announces those that come and go, not those that change. */
const every = 500;

/** Sent when the control client has ended: otherwise the loop that writes to it would wait for more to write. */
const gone = '%gone';

/**
 * The control client (`"$@"`) between two loops. The first passes on what this process writes, and keeps the client
 * attached for a second after this process has died, in which the guests are put out: see {@link observeRoom}. The last
 * keeps reading: unread output keeps a control client from ending (tmux 3.3, `control_all_done`).
 */
const client = `{ while read -r line; do printf '%s\\n' "$line"; done; sleep 1; } | "$@" | { cat; (echo ${gone}); exec cat >/dev/null; }`;

/**
 * Attaches a control client to the room, which gets no output and can change nothing. Reports the room's other clients
 * whenever one comes or goes, and every half second. While it is attached, guests can neither resize a window nor
 * change a pane's focus, whether the host is there or not: tmux ignores the size of `ignore-size` clients as long as
 * any other client is attached (this one has no size of its own), and a control client always counts as focused.
 */
export function observeRoom(room: Room, onClients: (clients: readonly Client[]) => void): Observer {
  const attach = ['-C', 'attach-session', '-E', '-f', 'no-output,read-only', '-t', room.target];
  const words = [room.tmux, '-N', '-S', room.socket, ...attach];
  const child = spawn('/bin/sh', ['-c', client, 'sh', ...words], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: withoutTmux(process.env),
  });
  child.stdin.on('error', () => {}); // It has ended; `ended` reports that.
  const list = `${listClients(room)
    .map((word) => `'${word}'`)
    .join(' ')}\n`;
  let waiting = false;
  let stale = false;
  const ask = (): void => {
    stale = waiting;
    if (!waiting && child.stdin.writable) child.stdin.write(list);
    waiting = true;
  };
  const stop = (): void => signalGroup(child.pid ?? 0, 'SIGTERM');
  let answer: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === gone) return stop();
    if (/^%(client|session|sessions)-/.test(line)) return ask();
    if (line.startsWith('%begin ')) answer = [];
    else if (!/^%(end|error) /.test(line)) answer.push(line);
    // A 1 at the end marks the answer to a question of ours, not to the command that started the client.
    else if (line.endsWith(' 1')) {
      waiting = false;
      // Until the client is attached, the list is empty. tmux announces it once it is, and we ask again.
      if (answer.some((one) => one.startsWith('1 '))) onClients(parseClients(answer));
      if (stale) ask();
    }
  });
  ask();
  const timer = setInterval(ask, every);
  timer.unref();
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      clearInterval(timer);
      resolve();
    };
    child.once('exit', end);
    child.once('error', end);
  });
  return { ended, stop };
}
