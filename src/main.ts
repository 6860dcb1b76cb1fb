#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { main } from './cli.ts';

process.exit(await main(process.argv.slice(2), [process.execPath, fileURLToPath(import.meta.url)]));
