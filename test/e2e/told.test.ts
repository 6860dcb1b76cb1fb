import { test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { keyFileOf, startPairing } from '../support/pairing.ts';

test('whatever another invocation changes of a pairing, the host sees it in the room', async () => {
  await using stage = await makeStage();
  const [guest, other] = await Promise.all([stage.guest(), stage.guest()]);
  if (!guest || !other) throw new Error('two guests');
  const host = await startPairing(stage, [await keyFileOf(stage, guest, 'ada')]);
  await stage.run(['invite', await keyFileOf(stage, other, 'bob')]);
  await host.waitFor('bob may join, too');
  await stage.run(['access', 'ada', 'ro']);
  await host.waitFor('ada may only look from now on');
  await stage.run(['extend', '30m']);
  await host.waitFor('the pairing now ends at ');
  await stage.run(['kick', 'bob']);
  await host.waitFor('bob is out, and stays out');
});
