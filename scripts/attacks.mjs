// node attacks.mjs [REPORT]: what was tried and how it came out, from Vitest's JSON report: `id outcome attempt`, one
// line for each id in front of a test's title (`G4: …`, `G4 G5: …`), in the order of the ids. Exits 1 where a test of
// them did not pass, and where there is none.
import { readFileSync } from 'node:fs';

const [reportFile = '.vitest/report.json'] = process.argv.slice(2);
const { testResults } = JSON.parse(readFileSync(reportFile, 'utf8'));

/** Guests, what comes from outside, faults, invariants, then what was met in the field, by its letter. */
const order = 'GOFIWNSTUKMR';
const rows = testResults
  .flatMap(({ assertionResults }) => assertionResults)
  .flatMap(({ title, status }) => {
    const [, ids, attempt] = /^([A-Z]\d+(?: [A-Z]\d+)*): (.*)$/s.exec(title) ?? [];
    return ids ? ids.split(' ').map((id) => ({ id, attempt, status })) : [];
  })
  .sort(
    (a, b) =>
      order.indexOf(a.id[0]) - order.indexOf(b.id[0]) || Number(a.id.slice(1)) - Number(b.id.slice(1)),
  );

for (const { id, status, attempt } of rows) console.log(`${id.padEnd(4)} ${status.padEnd(8)} ${attempt}`);
const wrong = rows.filter(({ status }) => status !== 'passed').length;
console.log(`${rows.length} attempts, ${wrong} that did not come out as they must`);
process.exitCode = wrong > 0 || rows.length === 0 ? 1 : 0;
