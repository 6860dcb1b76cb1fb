import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { theOne } from '../support/listed.ts';
import { goLive, invited } from '../support/live.ts';
import { readProcess } from '../support/processes.ts';
import { until } from '../support/wait.ts';
import { isWhole } from '../support/whole.ts';

/** Draws here and there all the time: some 2 MB a second of output for a client, none of which can be left out. */
const draw = `$| = 1; my $i = 0;
while (1) { print map { $i++; sprintf "\\033[%d;%dH\\033[3%dm%s", $i % 28 + 1, $i * 7 % 60 + 1, $i % 7, "line $i of what is drawn" } 1 .. 400;
select undef, undef, undef, 0.005 }`;

/** A guest's ssh whose output nobody reads. */
function deaf(guest: Guest): ChildProcess {
  return guest.account.spawn('ssh', guest.sshArgs(['-tt']), {
    env: { TERM: 'xterm-256color' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

/** Resident memory of the host's tmux servers, in MB. */
function memoryOf(stage: Stage): number {
  const servers = stage.processes().filter(({ ppid, cmd }) => ppid === 1 && cmd.includes('tmux'));
  const sizes = servers.map(({ pid }) => {
    try {
      return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
    } catch {
      return 0;
    }
  });
  return Math.max(...sizes) / 1024;
}

test.runIf(isWhole())(
  'S14: a viewer whose terminal takes nothing any more is put out before it fills the memory; one that reads stays',
  async () => {
    await using stage = await makeStage();
    const [ada, bob] = [await invited(stage, 'ada'), await invited(stage, 'bob')];
    const { host } = await goLive(stage, ['-r', 'ada.pub', 'bob.pub', '--', 'perl', '-e', draw]);
    const reading = await bob.join();
    await reading.waitFor('of what is drawn');
    const child = deaf(ada);
    const clientOf = async (label: string) =>
      (await theOne(stage)).guests.find((guest) => guest.label === label)?.connections[0]?.pid;
    const client = await until(() => clientOf('ada'), { what: 'the deaf guest to be in' });
    let most = 0;
    const gone = () => {
      most = Math.max(most, memoryOf(stage));
      return readProcess(client) === undefined;
    };
    await until(gone, { what: 'the deaf guest to be put out', timeout: 100_000, interval: 500 });
    console.log(`the largest tmux server had ${Math.round(most)} MB`);
    expect(most).toBeLessThan(60);
    expect(await clientOf('bob')).toBeDefined();
    expect(await clientOf('ada')).toBeUndefined();
    expect(await reading.isRunning()).toBe(true);
    expect(await host.isRunning()).toBe(true);
    child.stdout?.resume();
    if (child.exitCode === null) await once(child, 'exit');
  },
);
