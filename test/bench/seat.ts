import { once } from 'node:events';
import type { Account } from '../support/account.ts';
import type { Stage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { guestProcesses } from '../support/live.ts';
import { until } from '../support/wait.ts';

/** A guest's ssh with nothing between it and the clock: its terminal is on the host's side, here are pipes. */
export interface Seat {
  /** `performance.now()` when it was started. */
  readonly from: number;
  readonly type: (text: string) => void;
  /** `performance.now()` when `text` came, of what has come since `type` was called last. */
  readonly sees: (text: string) => Promise<number>;
  /** `performance.now()` when it ended. */
  readonly gone: Promise<number>;
  /** Ends it, as the loss of its window does. */
  readonly leave: () => Promise<void>;
}

/** Milliseconds until what a guest waits for must have come. */
const patience = 20_000;

export function takeSeat(guest: Guest): Seat {
  return seatBy(guest.account, 'ssh', guest.sshArgs(['-tt']));
}

/** The same of a program that has a terminal of its own. */
export function seatBy(account: Account, file: string, args: readonly string[]): Seat {
  const from = performance.now();
  const child = account.spawn(file, args, {
    env: { TERM: 'tmux-256color' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new Error('no pipes');
  let [text, said] = ['', ''];
  let look = (): void => {};
  stdin.on('error', () => {}); // It ended; `gone` tells.
  stderr.setEncoding('utf8').on('data', (more: string) => {
    said += more;
  });
  stdout.setEncoding('latin1').on('data', (more: string) => {
    text += more;
    look();
  });
  const gone = once(child, 'exit').then(() => performance.now());
  return {
    from,
    type: (what) => {
      text = '';
      stdin.write(what);
    },
    sees: (what) =>
      new Promise((resolve, reject) => {
        const late = (): void => reject(new Error(`nobody ever saw ${what}, but ${text}${said}`));
        const timer = setTimeout(late, patience);
        look = () => {
          if (!text.includes(what)) return;
          const now = performance.now();
          clearTimeout(timer);
          look = () => {};
          resolve(now);
        };
        look();
      }),
    gone,
    leave: async () => {
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** Waits until no guest of the stage's is left, the traces of a seat that was left a moment ago included. */
export async function allLeft(stage: Stage): Promise<void> {
  const left = () => [...stage.sshd.connections(), ...guestProcesses(stage)];
  await until(() => left().length === 0, { what: 'the guests to be gone', interval: 40 });
}
