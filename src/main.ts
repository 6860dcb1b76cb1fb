#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { main } from './cli.ts';
import { printed } from './ui/terminal.ts';

const exit = await main(process.argv.slice(2), [process.execPath, fileURLToPath(import.meta.url)]);
await printed();
process.exit(exit);
