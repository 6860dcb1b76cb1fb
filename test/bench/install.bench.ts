import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { demand, type Environment } from '../support/execute.ts';
import { testRun } from '../support/run.ts';
import { figureOf, inTurn, type Unit } from './measure.ts';

const root = new URL('../..', import.meta.url).pathname;
const version = JSON.parse(readFileSync(`${root}package.json`, 'utf8')).version;
/** npm, its cache and its registry as whoever runs this has set them up. */
const env = Object.fromEntries(
  Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
) satisfies Environment;

function npm(cwd: string, ...args: string[]): Promise<string> {
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  return demand({ cwd, env }, 'npm', [...args, ...quiet], { timeout: 120_000 });
}

interface Packed {
  readonly file: string;
  /** In bytes. */
  readonly size: number;
  readonly unpackedSize: number;
}

async function pack(from: string, into: string): Promise<Packed> {
  const told = await npm(from, 'pack', '--json', '--ignore-scripts', '--pack-destination', into);
  const [{ filename, size, unpackedSize }] = JSON.parse(told);
  return { file: join(into, filename), size, unpackedSize };
}

interface Installed {
  readonly took: number;
  readonly packages: number;
  /** In bytes. */
  readonly size: number;
}

/** A global install into a folder of its own, which is removed again. */
async function install(file: string, options: readonly string[], check?: string): Promise<Installed> {
  const prefix = mkdtempSync(`${testRun().folder}/i`);
  const from = performance.now();
  await npm('/', 'install', '-g', '--prefix', prefix, ...options, file);
  const took = performance.now() - from;
  if (check)
    expect(await demand({ cwd: '/', env }, `${prefix}/bin/${check}`, ['--version'])).toBe(
      `${check} ${version}\n`,
    );
  const paths = filesBelow(join(prefix, 'lib/node_modules'));
  const packages = paths.filter((path) => /\/node_modules\/(@[^/]+\/)?[^/@]+\/package\.json$/.test(path));
  const size = paths.reduce((sum, path) => sum + lstatSync(path).size, 0);
  rmSync(prefix, { recursive: true });
  return { took, packages: packages.length, size };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

async function emptyPackage(folder: string): Promise<string> {
  mkdirSync(`${folder}/empty`);
  writeFileSync(`${folder}/empty/package.json`, '{"name":"empty","version":"1.0.0"}\n');
  return (await pack(`${folder}/empty`, folder)).file;
}

test('h. install: from the file that npm pack makes', async ({ task }) => {
  const folder = mkdtempSync(`${testRun().folder}/p`);
  const { file, size, unpackedSize } = await pack(root, folder);
  const empty = await emptyPackage(folder);
  const floor = 'npm install -g, an empty package';
  // In a global install npm takes what is optional all the same, where its cache has it.
  const bare = ['--offline', '--omit=optional', '--cache', `${folder}/no-cache`];
  const [full, lean] = [await install(file, [], 'tmuxpair'), await install(file, bare, 'tmuxpair')];
  const fact = (name: string, value: number, unit: Unit) => figureOf(name, [value], unit);
  const timed = await inTurn(10, [
    { name: floor, run: async () => (await install(empty, bare)).took },
    {
      name: 'npm install -g --offline --omit=optional',
      floors: [floor],
      run: async () => (await install(file, bare)).took,
    },
    { name: 'npm install -g', floors: [floor], run: async () => (await install(file, [])).took },
  ]);
  task.meta.figures = [
    fact('packed', size / 1000, 'kB'),
    fact('unpacked', unpackedSize / 1000, 'kB'),
    fact('installed, --omit=optional', lean.size / 1000, 'kB'),
    fact('installed', full.size / 1000, 'kB'),
    fact('packages', full.packages, ''),
    fact('packages, --omit=optional', lean.packages, ''),
    ...timed,
  ];
});
