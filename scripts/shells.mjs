// node shells.mjs [FILE]: the table of docs/shells.md, from what the tests of login shells wrote down in the last run.
import { readFileSync } from 'node:fs';

const [file = '.vitest/shells.json'] = process.argv.slice(2);
const rows = JSON.parse(readFileSync(file, 'utf8'));
const shells = [...new Set(rows.map(({ shell }) => shell))].sort();
const starts = [...new Set(rows.map(({ startUp }) => startUp))];

/** What came of it through each kind of sshd. */
function cell(shell, startUp) {
  const of = (door) => {
    const outcomes = rows.filter(
      (row) => row.shell === shell && row.startUp === startUp && row.door === door,
    );
    return [
      ...new Set(outcomes.map(({ outcome }) => (outcome.startsWith('refused') ? 'refused' : 'gate'))),
    ].join('/');
  };
  const [system, own] = [of('system'), of('private')];
  return own === '' || own === system ? system : `${system}; private: ${own}`;
}

console.log(`| the start-up file | ${shells.join(' | ')} |`);
console.log(`| --- |${' --- |'.repeat(shells.length)}`);
for (const startUp of starts)
  console.log(`| ${startUp} | ${shells.map((shell) => cell(shell, startUp)).join(' | ')} |`);
