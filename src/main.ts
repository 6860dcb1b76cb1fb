#!/usr/bin/env node
import { join } from 'node:path';
import { loadCompiled } from './code-cache.ts';
import { version } from './domain/version.ts';

const argv = process.argv.slice(2);
if (argv.length === 1 && argv[0] === '--version') process.stdout.write(`tmuxpair ${version}\n`);
else {
  const cli = loadCompiled<typeof import('./cli/cli.ts')>(join(__dirname, 'lib/cli.js'), process.env);
  void cli.exports.main(argv, [process.execPath, __filename]).then(async (exit) => {
    await cli.exports.printed();
    if (cli.exports.done.pairing) cli.keep();
    process.exit(exit);
  });
}
