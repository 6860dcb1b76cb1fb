// node faults.mjs: runs the fault tests, then prints what they saw as the README's table. With `--write`, puts
// the table between the two `faults` marks of README.md. Exits 1 where a test failed.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const root = new URL('..', import.meta.url).pathname;
const ledger = `${root}.vitest/faults`;
const [begin, end] = ['<!-- faults: made by npm run faults -- --write -->', '<!-- /faults -->'];

rmSync(ledger, { recursive: true, force: true });
const run = spawnSync('npx', ['vitest', 'run', '--config', 'test/vitest.config.ts', 'test/fault'], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
});
const rows = readRows(ledger);
const table = [
  '| | fault | guests | after | `authorized_keys` |',
  '| --- | --- | --- | ---: | --- |',
  ...rows.map(
    ({ id, fault, guests, ms, file }) =>
      `| ${[id, fault, guests, ms === undefined ? '' : `${ms} ms`, file].map(cell).join(' | ')} |`,
  ),
].join('\n');
console.log(`\n${table}\n\n${rows.length} faults`);
if (process.argv.includes('--write')) write(`${root}README.md`, table);
process.exitCode = run.status === 0 && rows.length > 0 ? 0 : 1;

function readRows(folder) {
  const rows = names(folder).map((name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')));
  const order = ({ id }) => `${id[0]}${id.slice(1).padStart(3, '0')}`;
  return rows.sort((a, b) => order(a).localeCompare(order(b)) || a.fault.localeCompare(b.fault));
}

function names(folder) {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function cell(text) {
  return String(text).replaceAll('|', '\\|');
}

function write(path, text) {
  const page = readFileSync(path, 'utf8');
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${path} has no place for the table: ${begin} … ${end}`);
  writeFileSync(path, `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`);
}
