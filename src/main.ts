#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { main } from './cli.ts';

const exit = await main(process.argv.slice(2), [process.execPath, fileURLToPath(import.meta.url)]);
// What a pipe that is full has not taken yet would be lost.
await new Promise((resolve) => process.stdout.write('', resolve));
process.exit(exit);
