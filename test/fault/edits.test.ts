import { readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { record } from '../support/ledger.ts';
import { expectNothingLeft, goLive, invited, kill, type Live } from '../support/live.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows, times } from '../support/whole.ts';

const line = (name: string) =>
  `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPpVbIZ3FEzvRnDcSPk${name.padEnd(24, 'A')} ${name}\n`;
const own = `# mine\n${line('desk')}\n# no newline at the end: ${line('old').trimEnd()}`;

/** What somebody else does to the file in between, and what it must be afterwards; `now` has our line. */
const edits: readonly {
  name: string;
  make: (stage: Stage, now: string) => Promise<unknown>;
  after: string | undefined;
}[] = [
  {
    name: 'a line is added at the end with >>',
    make: ({ account, keysPath }) => account.demand('sh', ['-c', `printf '\\n${line('new')}' >>${keysPath}`]),
    after: `${own}\n${line('new')}`,
  },
  {
    name: 'a line is added at the top, and another taken out, in place',
    make: (stage, now) => stage.writeKeys(line('top') + now.replace(line('desk'), '')),
    after: line('top') + own.replace(line('desk'), ''),
  },
  {
    name: 'an editor saves it: a new file by rename, CRLF throughout',
    make: async (stage, now) => {
      const aside = await stage.writeFile('.ssh/4913~', now.replaceAll('\n', '\r\n'));
      await rename(aside, stage.keysPath);
    },
    after: own.replaceAll('\n', '\r\n'),
  },
  { name: 'our lines are taken out by hand', make: (stage) => stage.writeKeys(own), after: own },
  { name: 'it is emptied', make: (stage) => stage.writeKeys(''), after: '' },
  { name: 'it is deleted', make: (stage) => rm(stage.keysPath), after: undefined },
  {
    name: 'a buffer that was read before is saved after it was deleted',
    make: async (stage, now) => {
      await rm(stage.keysPath);
      await stage.writeKeys(`${now}\n${line('late')}`);
    },
    after: `${own}\n${line('late')}`,
  },
];

test.each(rows(edits, 2))('F6 I2: $name', async ({ name, make, after }) => {
  await using stage = await makeStage({ keys: own });
  await invited(stage, 'ada');
  const live = await goLive(stage, ['ada.pub']);
  await make(stage, stage.keysFile()?.toString() ?? '');

  await live.host.sendKeys('C-b', 'd');
  expect(await live.host.exitStatus()).toBe(0);

  expect(stage.keysFile()?.toString()).toBe(after);
  await expectNothingLeft(stage);
  record({ id: 'F6', fault: `the file meanwhile: ${name}`, guests: 'out', file: 'only our lines gone' });
});

test('F6 I2: another pairing, granted before the first ends and ended after', async () => {
  await using stage = await makeStage({ keys: own });
  await Promise.all([invited(stage, 'ada'), invited(stage, 'bob')]);
  const first = await goLive(stage, ['ada.pub']);
  const second = await goLive(stage, ['bob.pub']);
  await first.host.sendKeys('C-b', 'd');
  expect(await first.host.exitStatus()).toBe(0);
  expect(stage.keysFile()?.toString()).toMatch(
    new RegExp(`^restrict.* tmuxpair:${second.id}:bob\\n# mine\\n`),
  );
  await second.host.sendKeys('C-b', 'd');
  expect(await second.host.exitStatus()).toBe(0);
  expect(stage.keysFile()?.toString()).toBe(own);
});

test('F6: a file that did not exist is left to whoever wrote to it meanwhile', async () => {
  await using stage = await makeStage({ account: { ssh: false } });
  await invited(stage, 'ada');
  const live = await goLive(stage, ['ada.pub']);
  await stage.account.demand('sh', ['-c', `echo '# kept' >>${stage.keysPath}`]);
  await live.host.sendKeys('C-b', 'd');
  expect(await live.host.exitStatus()).toBe(0);
  expect(stage.keysFile()?.toString()).toBe('# kept\n');
});

test('F6: lines that an editor brings back after the end open nothing, and go with the next sweep', async () => {
  await using stage = await makeStage({ keys: own });
  const ada = await invited(stage, 'ada');
  const live = await goLive(stage, ['ada.pub']);
  const read = stage.keysFile() ?? '';
  await live.host.sendKeys('C-b', 'd');
  expect(await live.host.exitStatus()).toBe(0);
  await stage.writeKeys(read);

  const late = await ada.run(['-tt']);
  expect(late.exitCode).not.toBe(0);
  expect(late.stdout).toMatch(/gate: (No such file|not found)|[Cc]an('|no)t open \S+\/gate/);
  expect(await stage.run(['sweep'])).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(live.id) });
  expect(stage.keysFile()?.toString()).toBe(own);
});

test.runIf(isWhole())('F6: somebody who saves the file again and again loses nothing of it', async () => {
  await using stage = await makeStage({ keys: own });
  await Promise.all([invited(stage, 'ada'), invited(stage, 'bob')]);
  // Saves as editors do, without our lock: a whole file aside, then renamed. It keeps what it did not write.
  let saved = 0;
  let stop = false;
  const save = async (): Promise<void> => {
    while (!stop) {
      const now = readFileSync(stage.keysPath, 'utf8');
      const aside = await stage.writeFile('.ssh/saved', now.replace(/# mine( \d+)?/, `# mine ${saved + 1}`));
      if (readFileSync(stage.keysPath, 'utf8') !== now) continue; // An editor would ask: it has changed on disk.
      await rename(aside, stage.keysPath);
      saved += 1;
    }
  };
  const saving = save();
  for (const name of ['ada', 'bob']) {
    const live = await goLive(stage, [`${name}.pub`]);
    await live.host.sendKeys('C-b', 'd');
    expect(await live.host.exitStatus()).toBe(0);
  }
  stop = true;
  await saving;
  await stage.run(['sweep']);
  expect(
    stage
      .keysFile()
      ?.toString()
      .replace(/# mine \d+/, '# mine'),
  ).toBe(own);
  console.log(`saved ${saved} times meanwhile`);
});

test('I3: whoever reads the file at any instant of grants and ends reads all of it', async () => {
  const text = own.repeat(2000);
  await using stage = await makeStage({ keys: text });
  await invited(stage, 'ada');
  let reads = 0;
  const wrong: string[] = [];
  const read = setInterval(() => {
    for (let n = 0; n < 20; n++) {
      const now = readFileSync(stage.keysPath, 'latin1');
      reads += 1;
      if (
        !now.endsWith(text) ||
        !/^(restrict,[^\n]* tmuxpair:[a-z2-7]{12}:(ada|tmuxpair-trial)\n){0,2}$/.test(
          now.slice(0, -text.length),
        )
      )
        wrong.push(now.slice(0, 300));
    }
  }, 0);
  for (let n = 0; n < times(10, 4); n++) {
    const live: Live = await goLive(stage, ['ada.pub']);
    if (n % 2 === 0) await live.host.sendKeys('C-b', 'd');
    else kill(live.supervisor);
    await until(() => stage.keysFile()?.toString() === text, { what: 'the file to be as before' });
    await live.host.close();
  }
  clearInterval(read);
  expect(wrong).toEqual([]);
  console.log(`${reads} reads, each of the whole file`);
});

test('I3: a writer that dies halfway through the new text leaves the old one', async () => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  await invited(stage, 'ada');
  // As a crash of the machine leaves it: a lock of another boot, half of a new text.
  await writeFile(`${stage.keysPath}.tmuxpair.new`, 'restrict,pty,comm');
  await stage.account.demand('ln', [
    '-s',
    '1|1|other-boot|0123|elsewhere',
    `${stage.keysPath}.tmuxpair.lock`,
  ]);
  await rm(`${stage.keysPath}.tmuxpair.lock`);
  const machine = readFileSync('/etc/machine-id', 'utf8').trim();
  const hostname = (await stage.account.demand('hostname', [])).trim();
  const owner = `1|1|other-boot|0123|${machine}@${hostname}`;
  await stage.account.demand('ln', ['-s', owner, `${stage.keysPath}.tmuxpair.lock`]);

  expect((await stage.run(['sweep'])).exitCode).toBe(0);
  stage.expectUntouched({ ...before, [`${stage.keysPath}.tmuxpair.new`]: { kind: 'absent' } });
});
