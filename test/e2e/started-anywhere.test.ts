import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';

test('what stands in the folder that it is started in is neither its environment nor its code', async () => {
  await using stage = await makeStage();
  await stage.writeFile('.env', 'TMUXPAIR_QUIET=neither\nTMUXPAIR_TTL=never\n');
  await stage.writeFile('bunfig.toml', 'preload = ["./hostile.js"]\n');
  await stage.writeFile('package.json', '{"type":"module","imports":{"#x":"./hostile.js"}}');
  await stage.writeFile('hostile.js', 'console.log("hostile"); process.exit(99);\n');
  expect(await stage.run(['list'])).toMatchObject({ exitCode: 0, stdout: 'nothing is live\n', stderr: '' });
});
