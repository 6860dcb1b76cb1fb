import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { invited } from '../support/live.ts';
import { bareHost, pairAs } from './hosts.ts';
import { type Contender, inTurn } from './measure.ts';
import { builds } from './programs.ts';
import { allLeft, takeSeat } from './seat.ts';

const [floor, shown] = ['bare forced command', 'look-here'];
const command = ['sh', '-c', `echo ${shown}; exec cat`];

async function join(stage: Stage, guest: Guest): Promise<number> {
  const seat = takeSeat(guest);
  const took = (await seat.sees(shown)) - seat.from;
  await seat.leave();
  await allLeft(stage);
  return took;
}

test("c. join: from exec of ssh until the host's screen is seen", async ({ task }) => {
  await using stage = await makeStage();
  const bare = await stage.guest();
  await bareHost(stage, [bare], command);
  const contenders: Contender[] = [{ name: floor, run: () => join(stage, bare) }];
  for (const build of await builds()) {
    const session = build.name.replace(' ', '-');
    const [writer, reader] = [await invited(stage, `${session}-w`), await invited(stage, `${session}-r`)];
    const live = await pairAs(stage, build, [
      ...['-s', session, `${session}-w.pub`, `${session}-r.pub`, '--', ...command],
    ]);
    const access = await stage.run(['access', `${session}-r`, 'ro', '--id', live.id]);
    expect(access).toMatchObject({ exitCode: 0, stderr: '' });
    contenders.push(
      { name: `${build.name}, read-write`, floors: [floor], run: () => join(stage, writer) },
      { name: `${build.name}, read-only`, floors: [floor], run: () => join(stage, reader) },
    );
  }
  task.meta.figures = await inTurn(12, contenders);
});
