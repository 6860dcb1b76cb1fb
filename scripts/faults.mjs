// node faults.mjs [FOLDER]: the README's table of faults, from what the fault tests of the last run wrote down.
import { readdirSync, readFileSync } from 'node:fs';

const [folder = '.vitest/faults'] = process.argv.slice(2);
const rows = readdirSync(folder)
  .map((name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')))
  .sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }) || a.fault.localeCompare(b.fault));

console.log('| what happens | guests | out after, ms | the file |');
console.log('| --- | --- | --- | --- |');
for (const { fault, guests, ms, file } of rows)
  console.log(`| ${[fault, guests, ms ?? '', file].join(' | ')} |`);
