import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { program } from '../support/program.ts';

test('S15: the licences of what is in the program are delivered with it, as whole texts', () => {
  const { file, args } = program();
  const text = readFileSync(join(dirname(args[0] ?? file), 'THIRD-PARTY-LICENSES'), 'utf8');
  const [head = '', ...sections] = text.split(/^-{80}\n/m);
  const names = sections.map((section) => /^(\S+) \d/.exec(section)?.[1]);
  expect(head).toContain('tmuxpair');
  expect(names).toEqual(
    expect.arrayContaining(['commander', 'execa', '@octokit/rest', '@octokit/request', 'ora']),
  );
  expect(names).not.toContain('esbuild');
  for (const section of sections.filter((one) => !/^@oven\//.test(one)))
    expect(section).toMatch(/copyright.*\b(permission|permitted|liab)/is);
});
