// node summary.mjs REPORT CODE: prints `N passed, N failed[, N skipped]` as counted from Vitest's JSON report.
// CODE is how the test command ended. Exits 1 where that is not 0, on any failure, where no test ran, and in
// CI where a test of the core that drives the real program was skipped.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';

const [reportFile = '', code = '1'] = process.argv.slice(2);
const files = readReport(reportFile);
const tests = files.flatMap((file) =>
  file.assertionResults.map(({ status, fullName }) => ({ status, name: fullName, file })),
);

const passed = tests.filter(({ status }) => status === 'passed').length;
const brokenFiles = files.filter(isBroken);
const failed = tests.filter(({ status }) => status === 'failed').length + brokenFiles.length;
const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
const left = new Set(readJson(`${dirname(reportFile)}/left.json`) ?? []);
const mustRun = skipped.filter(
  ({ file, name }) => !left.has(name) && /\/test\/(e2e|fault|golden)\//.test(file.name),
);

for (const file of brokenFiles) console.log(`${file.name}: failed outside its tests`);
const wrong = [
  code !== '0' && `the test command exited with ${code}`,
  tests.length === 0 && 'no test ran',
  process.env.CI && mustRun.length > 0 && `${mustRun.length} end-to-end tests were skipped`,
].filter(Boolean);
for (const reason of wrong) console.log(reason);
console.log(
  [`${passed} passed`, `${failed} failed`, ...(skipped.length > 0 ? [`${skipped.length} skipped`] : [])].join(
    ', ',
  ),
);
process.exitCode = failed > 0 || wrong.length > 0 ? 1 : 0;

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).testResults;
  } catch (error) {
    console.log(`no report of the tests: ${error.message}`);
    return [];
  }
}

/** What the core leaves to the whole suite; nothing where there is no such list. */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** A file that did not load, or whose hooks failed. */
function isBroken({ status, assertionResults }) {
  return status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
}
