// node attacks.mjs [REPORT]: what was tried against the program, from Vitest's JSON report: a line for each id that a
// test's title begins with (`G4 G5: …`), the attempt and its outcome. Exits 1 where there is no report, or one failed.
import { readFileSync } from 'node:fs';

const [reportFile = '.vitest/report.json'] = process.argv.slice(2);
const { testResults } = JSON.parse(readFileSync(reportFile, 'utf8'));
const rows = testResults
  .flatMap(({ assertionResults }) => assertionResults)
  .flatMap(({ title, status, duration }) => {
    const [, ids = '', attempt = ''] = /^((?:[A-Z]\d+ )*[A-Z]\d+): (.*)$/s.exec(title) ?? [];
    const outcome = `${status}${duration === undefined || duration === null ? '' : `, ${Math.round(duration)} ms`}`;
    return ids
      .split(' ')
      .flatMap((id) => (id === '' ? [] : [{ id, attempt, outcome, failed: status === 'failed' }]));
  })
  .sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));

for (const { id, attempt, outcome } of rows) console.log(`${id.padEnd(4)} ${attempt} — ${outcome}`);
console.log(`${new Set(rows.map(({ id }) => id)).size} ids, ${rows.length} attempts`);
process.exitCode = rows.some(({ failed }) => failed) ? 1 : 0;
