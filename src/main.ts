#!/usr/bin/env node
import { version } from './domain/version.ts';

const argv = process.argv.slice(2);
if (argv.length === 1 && argv[0] === '--version') process.stdout.write(`tmuxpair ${version}\n`);
else
  void import('./cli.ts').then(({ main }) => main(argv, [process.execPath, __filename])).then(process.exit);
