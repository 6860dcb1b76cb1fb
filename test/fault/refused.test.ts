import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { deadlineIn, secondsLeft } from '../../src/domain/deadline.ts';
import { makeStage, type Stage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { record } from '../support/ledger.ts';
import {
  expectNothingLeft,
  goLive,
  invited,
  kill,
  type Live,
  litter,
  liveOf,
  runDirectory,
} from '../support/live.ts';
import { signalProcess } from '../support/processes.ts';
import { program } from '../support/program.ts';
import { isRoot } from '../support/run.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows } from '../support/whole.ts';

const own = '# mine\n';

const spoilt: readonly {
  name: string;
  spoil: (stage: Stage, root: string) => Promise<unknown>;
  said: string;
}[] = [
  {
    name: 'a symbolic link',
    spoil: ({ account }, root) =>
      account.demand('sh', ['-c', `mkdir -m 0700 elsewhere; ln -s ~/elsewhere ${root}`]),
    said: 'it is a symbolic link',
  },
  {
    name: 'everybody may write it',
    spoil: ({ account }, root) => account.demand('sh', ['-c', `mkdir ${root}; chmod 0777 ${root}`]),
    said: 'others may enter or write it',
  },
  {
    name: 'its group may enter it',
    spoil: ({ account }, root) => account.demand('mkdir', ['-m', '0750', root]),
    said: 'others may enter or write it',
  },
  {
    name: 'a file',
    spoil: ({ account }, root) => account.demand('touch', [root]),
    said: 'it is not a folder',
  },
  ...(isRoot()
    ? [
        {
          name: 'somebody else owns it',
          spoil: async ({ account }: Stage, root: string) => {
            await account.demand('mkdir', ['-m', '0700', root]);
            await chown(root, 0, 0);
          },
          said: 'it belongs to user 0',
        },
      ]
    : []),
];

test.each(rows(spoilt, 2))(
  'O8: the run directory: $name: refused, nothing granted',
  async ({ spoil, said }) => {
    await using stage = await makeStage({ keys: own });
    const before = stage.snapshot();
    await invited(stage, 'ada');
    await spoil(stage, runDirectory(stage));
    const host = await stage.pair(['ada.pub']);
    expect(await host.exitStatus()).toBe(6);
    expect((await host.screen()).replaceAll('\n', '')).toContain(said);
    stage.expectUntouched(before);
    expect(stage.processes().filter(({ cmd }) => cmd.includes('/tmuxpair/'))).toEqual([]);
  },
);

/** What the gate must refuse by itself. `undo` puts it right again, so that it is seen to be the reason. */
const gates: readonly { name: string; spoil: string; undo: string; said: string }[] = [
  {
    name: 'O8: others may enter its folder',
    spoil: 'chmod 0755 $DIR',
    undo: 'chmod 0700 $DIR',
    said: 'this pairing is not safe to enter',
  },
  {
    name: 'O8: everybody may write its folder',
    spoil: 'chmod 0777 $DIR',
    undo: 'chmod 0700 $DIR',
    said: 'this pairing is not safe to enter',
  },
  {
    name: 'O8: its folder is a symbolic link',
    spoil: 'mv $DIR ~/moved; ln -s ~/moved $DIR',
    undo: 'rm $DIR; mv ~/moved $DIR',
    said: 'this pairing is not safe to enter',
  },
  {
    name: 'its flag is gone',
    spoil: 'mv $DIR/open/ada ~',
    undo: 'mv ~/ada $DIR/open',
    said: 'this pairing is over',
  },
  {
    name: 'its flag is empty',
    spoil: ': >$DIR/open/ada',
    undo: 'echo read-write >$DIR/open/ada',
    said: 'this pairing is over',
  },
  {
    name: 'its flag says what it does not know',
    spoil: 'echo admin >$DIR/open/ada',
    undo: 'echo read-write >$DIR/open/ada',
    said: 'this pairing is over',
  },
  {
    name: 'its supervisor is of another boot',
    spoil: 'cp $DIR/gate ~; sed -i "s/$(cat /proc/sys/kernel/random/boot_id)/00000000-0/" $DIR/gate',
    undo: 'cp ~/gate $DIR',
    said: 'this pairing is over',
  },
  {
    name: "its supervisor's number belongs to a later process",
    spoil: `cp $DIR/gate ~; sed -i "s/\\"\\$start\\" = '[0-9]*'/\\"\\$start\\" = '1'/" $DIR/gate`,
    undo: 'cp ~/gate $DIR',
    said: 'this pairing is over',
  },
  {
    name: 'F10: the clock was set back, and the time since boot says it is over',
    spoil: 'echo "$(($(date +%s) + 3600)) $(($(cut -d. -f1 /proc/uptime) - 1))" >$DIR/deadline',
    undo: 'echo "$(($(date +%s) + 3600)) $(($(cut -d. -f1 /proc/uptime) + 3600))" >$DIR/deadline',
    said: 'time is up',
  },
  {
    name: 'F10: the clock was set forward past the deadline',
    spoil: 'echo "$(($(date +%s) - 1)) $(($(cut -d. -f1 /proc/uptime) + 3600))" >$DIR/deadline',
    undo: 'echo "$(($(date +%s) + 3600)) $(($(cut -d. -f1 /proc/uptime) + 3600))" >$DIR/deadline',
    said: 'time is up',
  },
  ...['', 'soon never', '99999999999', '99999999999 soon', '-1 -1', '99999999999999999999999 9'].map(
    (text) => ({
      name: `its deadline reads ${JSON.stringify(text)}`,
      spoil: `cp $DIR/deadline ~; printf %s '${text}' >$DIR/deadline`,
      undo: 'cp ~/deadline $DIR',
      said: 'time is up',
    }),
  ),
  {
    name: 'its deadline is gone',
    spoil: 'mv $DIR/deadline ~',
    undo: 'mv ~/deadline $DIR',
    said: 'time is up',
  },
];

test('I6 I7 O8 F10: what the gate refuses by itself, and lets in again once it is put right', async () => {
  await using stage = await makeStage({ keys: own });
  const ada = await invited(stage, 'ada');
  const live = await goLiveBelowShell(stage);
  await leaveToGate(live);
  for (const { name, spoil, undo, said } of gates) {
    await stage.account.demand('sh', ['-c', `DIR=${live.folder}; ${spoil}`]);
    const refused = await ada.run(['-tt']);
    await stage.account.demand('sh', ['-c', `DIR=${live.folder}; ${undo}`]);
    expect({ name, said: refused.stdout.trim() }).toEqual({ name, said: `tmuxpair: ${said}` });
    expect(refused.exitCode).not.toBe(0);
    const seat = await ada.join();
    await seat.waitFor('[pair]');
    await seat.close();
  }
  const byHand = await stage.account.exec(`${live.folder}/gate`, ['ada']);
  expect(byHand).toMatchObject({ exitCode: 1, stderr: 'tmuxpair: this is for ssh to run\n' });
});

test.runIf(isRoot())('O8: a gate in a folder of somebody else lets nobody in', async () => {
  await using stage = await makeStage({ keys: own });
  const ada = await invited(stage, 'ada');
  const live = await goLiveBelowShell(stage);
  await leaveToGate(live);
  for (const mode of [0o700, 0o755, 0o777]) {
    await chown(live.folder, 0, 0);
    await chmod(live.folder, mode);
    const { exitCode, stdout } = await ada.run(['-tt']);
    expect(exitCode).not.toBe(0);
    expect(stdout).not.toContain('[pair]');
    await chown(live.folder, stage.account.uid, stage.account.gid);
    await chmod(live.folder, 0o700);
  }
  const seat = await ada.join();
  await seat.waitFor('[pair]');
});

/** With a shell between the terminal and the program: a tmux has a child of its own go on when it is stopped. */
async function goLiveBelowShell(stage: Stage): Promise<Live> {
  const { file, args } = program();
  const command = [file, ...args, '--port', String(stage.sshd.port), 'ada.pub'];
  const host = await stage.terminal(['sh', '-c', '"$@"; exit "$?"', 'sh', ...command]);
  const child = await until(() => stage.processes().find(({ ppid }) => ppid === host.pid), {
    what: 'the program',
  });
  return liveOf(stage, host, child.pid);
}

/** Has nobody act on what the gate is to find, as the supervisor and the clock would. */
async function leaveToGate(live: Live): Promise<void> {
  kill(await live.clock());
  signalProcess(live.supervisor, 'SIGSTOP');
}

/** Everything of ours dies at once. */
async function crash(live: Live): Promise<void> {
  const all = [live.supervisor, await live.clock(), live.deadMan()];
  for (const one of all) if (one) signalProcess(one, 'SIGSTOP');
  kill(...all);
}

const beginnings: readonly { before: string; keys?: string; ssh?: boolean }[] = [
  { before: 'a file', keys: own },
  { before: 'an empty file', keys: '' },
  { before: 'no file' },
  { before: 'no .ssh', ssh: false },
];

test.each(rows(beginnings, 1))(
  'F9: after a reboot, with $before before: nobody gets in, sweep removes the lines',
  async (begun) => {
    const { ssh = true, keys } = begun;
    await using stage = await makeStage({ account: { ssh }, ...(keys === undefined ? {} : { keys }) });
    const before = stage.snapshot();
    const ada: Guest = await invited(stage, 'ada');
    const live = await goLive(stage, ['ada.pub']);
    await crash(live);
    kill(live.server());
    await stage.account.demand('rm', ['-r', runDirectory(stage)]);

    expect(stage.keysFile()?.toString()).toContain(live.id);
    const late = await ada.run(['-tt']);
    expect(late.exitCode).not.toBe(0);
    expect(late.stdout).toMatch(/gate: (No such file|not found)|[Cc]an('|no)t open \S+\/gate/);

    expect(await stage.run(['sweep'])).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining(live.id),
    });
    await expectNothingLeft(stage);
    stage.expectUntouched(before);
    record({
      id: 'F9',
      fault: `the machine restarts, with ${begun.before} before`,
      guests: 'nobody gets in: the gate is gone',
      file: 'as before after the next sweep',
    });
  },
);

/** A lease's folder with nothing alive behind it. */
async function plant({ account }: Stage, folder: string, epoch: number, keyFile: string): Promise<void> {
  const id = folder.slice(folder.lastIndexOf('/') + 1);
  await account.demand('sh', [
    '-c',
    `mkdir -p -m 0700 ${folder} && cd ${folder} && mkdir -m 0700 open in air`,
  ]);
  const supervisor = { pid: 999_999, start: '1', boot: 'other' };
  const told = {
    version: 1,
    id,
    supervisor,
    keyFile,
    folderAbsent: false,
    startedAt: new Date().toISOString(),
  };
  writeFileSync(`${folder}/record.json`, JSON.stringify(told));
  writeFileSync(`${folder}/deadline`, `${epoch} 1\n`);
  for (const name of ['sever', 'gate'])
    writeFileSync(`${folder}/${name}`, `#!/bin/sh\ntouch ${account.home}/planted\n`);
  await account.demand('chmod', ['-R', '0700', folder]).catch(() => {});
}

const leaseLine = (folder: string, key: string) =>
  `restrict,pty,command="exec ${folder}/gate ada" ${key} tmuxpair:${folder.slice(-12)}:ada\n`;

test('O8: sweep runs nothing and believes nothing in a run directory that others may write', async () => {
  await using stage = await makeStage({ keys: own });
  const ada = await invited(stage, 'ada');
  const live = await goLive(stage, ['ada.pub']);
  const tag = live.id.slice(0, 4);
  await live.host.sendKeys('C-b', 'd');
  await live.host.exitStatus();
  const open = `${stage.account.home}/.local/state/tmuxpair/run`;
  const folder = `${open}/${tag}aaaaaaaa`;
  await plant(stage, folder, 0, `${stage.account.home}/other`);
  await stage.writeFile('other', leaseLine(folder, ada.identity.publicKey));
  await stage.writeKeys(leaseLine(folder, ada.identity.publicKey) + own);
  await stage.account.demand('chmod', ['0777', open]);

  expect((await stage.run(['sweep'])).exitCode).toBe(0);

  expect(existsSync(`${stage.account.home}/planted`)).toBe(false);
  expect(existsSync(`${folder}/record.json`)).toBe(true);
  expect(readFileSync(`${stage.account.home}/other`, 'utf8')).toContain(folder);
  // A line that leads into such a place leads to whatever somebody puts there.
  expect(stage.keysFile()?.toString()).toBe(own);
});

test('O8: no program is run that a note in such a directory names', async () => {
  await using stage = await makeStage({ keys: own });
  const open = `${stage.account.home}/.local/state/tmuxpair/run`;
  const folder = `${open}/aaaaaaaaaaaa`;
  await plant(stage, folder, 0, stage.keysPath);
  const evil = await stage.writeFile('evil', `#!/bin/sh\ntouch ${stage.account.home}/planted\n`, 0o755);
  const note = { tmux: evil, socket: '/tmp/none', session: 'x', target: '$0' };
  writeFileSync(`${folder}/shared.json`, JSON.stringify(note));
  await stage.account.demand('chmod', ['0777', open]);
  // It would be run where the lease has gone by the time that its session is to be left: here one comes and goes.
  const flicker = stage.account.spawn('sh', [
    '-c',
    `cd ${open}; while :; do mv aaaaaaaaaaaa b; mv b aaaaaaaaaaaa; done`,
  ]);
  for (let n = 0; n < 8; n++) await stage.run(['sweep']);
  flicker.kill('SIGKILL');
  expect(existsSync(`${stage.account.home}/planted`)).toBe(false);
});

test('I8: a lease of another machine that shares this home is left alone until its time is up', async () => {
  await using stage = await makeStage({ keys: own });
  const ada = await invited(stage, 'ada');
  await stage.run(['sweep']);
  const root = `${stage.account.home}/.local/state/tmuxpair/run`;
  const now = Math.floor(Date.now() / 1000);
  const [live, over] = [`${root}/aaaaaaaaaaaa`, `${root}/bbbbbbbbbbbb`];
  await plant(stage, live, now + 600, stage.keysPath);
  await plant(stage, over, now - 600, stage.keysPath);
  await stage.account.demand('chmod', ['0700', root]);
  const [kept, gone] = [live, over].map((folder) => leaseLine(folder, ada.identity.publicKey));
  await stage.writeKeys(`${kept}${gone}${own}`);

  expect((await stage.run(['sweep'])).exitCode).toBe(0);

  expect(stage.keysFile()?.toString()).toBe(`${kept}${own}`);
  expect([existsSync(live), existsSync(over)]).toEqual([true, false]);
});

test.runIf(isWhole())('F1: half a lease, as a crash of the machine leaves it, is swept', async () => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  await invited(stage, 'ada');
  for (const harm of [
    ': >record.json',
    'rm record.json',
    ': >sever',
    ': >gate',
    'rm -r in open air',
    'rm deadline',
  ]) {
    const live = await goLive(stage, ['ada.pub']);
    await crash(live);
    await stage.account.demand('sh', ['-c', `cd ${live.folder} && ${harm}`]);
    expect(await stage.run(['sweep']), harm).toMatchObject({ exitCode: 0 });
    stage.expectUntouched(before);
    expect(litter(stage), harm).toEqual([]);
  }
});

test("F1: a supervisor's number that belongs to another process by now does not keep its lease", async () => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  await invited(stage, 'ada');
  const live = await goLive(stage, ['ada.pub']);
  await crash(live);
  const file = `${live.folder}/record.json`;
  const told = JSON.parse(readFileSync(file, 'utf8'));
  const another = stage.account.spawn('sleep', ['1000']);
  writeFileSync(file, JSON.stringify({ ...told, supervisor: { ...told.supervisor, pid: another.pid } }));
  expect(await stage.run(['sweep'])).toMatchObject({ exitCode: 0 });
  stage.expectUntouched(before);
  expect(litter(stage)).toEqual([]);
});

test('F10: by whichever clock has less left', () => {
  const start = { epoch: 1_800_000_000, sinceBoot: 500 };
  const deadline = deadlineIn(3600, start);
  const after = (seconds: number, step: number) =>
    secondsLeft(deadline, { epoch: start.epoch + seconds + step, sinceBoot: start.sinceBoot + seconds });
  expect(after(0, 0)).toBe(3600);
  expect(after(3600, -3600)).toBe(0);
  expect(after(3601, -3600)).toBe(-1);
  expect(after(1, 3600)).toBeLessThan(0);
  expect(after(1800, 600)).toBe(1200);
});
