import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { isWhole } from './whole.ts';

const whole = 'npm run test:whole';

/** Ends a run with what was skipped, and why: by a test's own note, or by the condition in its source. */
export default class Skipped implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((one) => [...one.children.allTests('skipped')]);
    if (!isWhole()) console.log(`\nThis was the core: ${whole} has every row of every table.`);
    if (skipped.length === 0) return;
    const left = skipped.filter((one) => reasonOf(one).includes(whole));
    // For who counts what must have run.
    mkdirSync('.vitest', { recursive: true });
    writeFileSync(
      '.vitest/left.json',
      JSON.stringify(left.map((one) => one.fullName.replaceAll(' > ', ' '))),
    );
    const others = skipped.filter((one) => !left.includes(one));
    console.log(`\nSkipped, ${skipped.length} in all, ${left.length} of them left to ${whole}`);
    for (const one of others) {
      const where = `${relative('.', one.module.moduleId)}:${one.location?.line ?? '?'}`;
      console.log(`  ${where} ${one.fullName}\n    ${reasonOf(one)}`);
    }
  }
}

function reasonOf(one: TestCase): string {
  const result = one.result();
  if (result.state === 'skipped' && result.note !== undefined) return result.note;
  if (one.options.mode !== 'skip') return 'others alone were asked for';
  const [, how, condition] =
    /\.(runIf|skipIf)\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)/.exec(sourceOf(one)) ?? [];
  if (condition === undefined) return 'no reason is given';
  const words = condition.replace(/\s+/g, ' ').replace('isWhole()', whole).trim();
  return `${how === 'runIf' ? 'needs' : 'not with'} ${words}`;
}

/** From the test's call on, or from that of the group that it is in. */
function sourceOf({ location, parent, module }: TestCase): string {
  const lines = readFileSync(module.moduleId, 'utf8').split('\n');
  const from = (line = 1): string => lines.slice(line - 1, line + 3).join('\n');
  const own = from(location?.line);
  return /\.(runIf|skipIf)\(/.test(own) || parent.type === 'module' ? own : from(parent.location?.line);
}
