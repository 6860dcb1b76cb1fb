import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesInLease, foldersInLease } from '../../src/domain/lease-folder.ts';
import { allOptions } from '../../src/room/tmux-options.ts';

const root = new URL('../..', import.meta.url).pathname;

interface Import {
  /** A module's name, or a path below the project's folder. */
  readonly what: string;
  readonly isType: boolean;
}

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const sources: readonly Source[] = ['src', 'providers']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const code = text.replaceAll(/(?<=^|\s)\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
    return { path, text: code, imports: importsIn(code, path) };
  });

function importsIn(code: string, path: string): Import[] {
  const statement = /\b(?:import|export)\s+(type\s)?[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/g;
  const bare = /\bimport\s*\(?\s*['"]([^'"]+)['"]/g;
  const found = [
    ...[...code.matchAll(statement)].map(([, type, what = '']) => ({ what, isType: type !== undefined })),
    ...[...code.matchAll(bare)].map(([, what = '']) => ({ what, isType: false })),
  ];
  return found.map(({ what, isType }) => ({
    what: what.startsWith('.') ? relative(root, join(root, dirname(path), what)) : what,
    isType,
  }));
}

/** The room of the house that a path is in: `src/lease` is `lease`, `src/main.ts` is `top`. */
function roomOf(path: string): string {
  const [first, second = '', ...rest] = path.split('/');
  if (first !== 'src') return first ?? '';
  return rest.length > 0 ? second : 'top';
}

/** What each may import, besides its own files. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  top: ['cli', 'keyring', 'ui', 'system', 'domain'],
  cli: ['commands', 'options', 'pairing', 'ui', 'system', 'domain'],
  commands: [
    'options',
    'control',
    'doctor',
    'pairing',
    'guests',
    'journal',
    'keyring',
    'lease',
    'room',
    'ui',
    'domain',
  ],
  options: ['providers', 'ui', 'system', 'domain'],
  control: ['pairing', 'journal', 'keyring', 'providers', 'lease', 'domain'],
  doctor: [
    'pairing',
    'entrance',
    'door',
    'shell',
    'room',
    'keyring',
    'lease',
    'providers',
    'system',
    'domain',
  ],
  pairing: ['entrance', 'guests', 'journal', 'door', 'shell', 'lease', 'room', 'system', 'domain'],
  entrance: ['tunnel', 'door', 'shell', 'lease', 'room', 'spawn', 'system', 'domain'],
  guests: ['providers', 'keyring', 'domain'],
  journal: ['lease', 'system', 'domain'],
  tunnel: ['door', 'spawn', 'domain'],
  door: ['shell', 'spawn', 'system', 'domain'],
  shell: ['system', 'domain'],
  providers: ['domain'],
  keyring: ['system', 'domain'],
  lease: ['spawn', 'system', 'domain'],
  room: ['spawn', 'system', 'domain'],
  spawn: ['system', 'domain'],
  system: ['domain'],
  ui: ['domain'],
  domain: ['package.json'],
};
/** Of anything below them, these may know the types. */
const knowTypes = ['ui'];

function importersOf(what: RegExp): string[] {
  return sources.filter(({ imports }) => imports.some((one) => what.test(one.what))).map(({ path }) => path);
}

function havingText(what: RegExp): string[] {
  return sources.filter(({ text }) => what.test(text)).map(({ path }) => path);
}

test('arrows go one way, and those who own effects do not import each other', () => {
  const wrong = sources.flatMap(({ path, imports }) =>
    imports
      .filter(({ what }) => what.includes('/') && /^(src|providers|package\.json|test|\.\.)/.test(what))
      .filter(({ what, isType }) => {
        const [from, to] = [roomOf(path), roomOf(what)];
        return from !== to && !arrows[from]?.includes(to) && !(isType && knowTypes.includes(from));
      })
      .map(({ what }) => `${path} imports ${what}`),
  );
  expect(wrong).toEqual([]);
});

test('no files import each other in a circle, not by types either', () => {
  const left = new Map(sources.map(({ path, imports }) => [path, imports.map(({ what }) => what)]));
  const isEnd = (path: string): boolean => left.get(path)?.every((what) => !left.has(what)) ?? true;
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const path of [...left.keys()]) if (isEnd(path)) left.delete(path);
  }
  expect([...left.keys()]).toEqual([]);
});

test('every room of the house is one of these, and imports are seen at all', () => {
  expect(new Set(sources.map(({ path }) => roomOf(path)))).toEqual(new Set(Object.keys(arrows)));
  expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(300);
  expect(importersOf(/^src\/commands\/pair\.ts$/)).toEqual(['src/cli/program.ts']);
  expect(importersOf(/^src\/pairing\/pairing\.ts$/)).toContain('src/commands/pair.ts');
});

test('what is made in a lease’s folder is in the list of its names', () => {
  const known = new Set<string>([...foldersInLease, ...filesInLease]);
  const paths = /\bjoin\((?:\w+\.)*folder, ['`]([^'`]+)['`]|\$dir"?\/([\w.-]+)/g;
  // Folders of their own; of a room, its socket and whose it is.
  const others = /\/(own-server|probe|shell-probe|trial)\.ts: |\/claim\.ts: (lease|tmux)$/;
  const wrong = sources
    .filter(({ path }) => /^src\/(lease|pairing|entrance|control|room)\//.test(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(paths)].map((found) => ({ path, name: found[1] ?? found[2] ?? '' })),
    )
    .filter(({ name }) => !known.has(name))
    .map(({ path, name }) => `${path}: ${name}`)
    .filter((one) => !others.test(one));
  expect(wrong).toEqual([]);
});

test('every option of ours that tmux may hold is in the list that takes it away again', () => {
  const found = sources
    .filter(({ path }) => roomOf(path) !== 'domain')
    .flatMap(({ path, text }) => [...text.matchAll(/@tmuxpair-[a-z-]+/g)].map(([name]) => ({ path, name })))
    .filter(({ name }) => !allOptions.includes(name) && name !== '@tmuxpair-');
  expect(found).toEqual([]);
});

test('whatever fails and is passed over says why', () => {
  const swallowed = /\.catch\(\(\) => \{\}\)|\.on\('error', \(\) => \{\}\)|\.then\([^()]+, \(\) => \{\}\)/;
  const silent = sources.flatMap(({ path }) => {
    const lines = readFileSync(join(root, path), 'utf8').split('\n');
    return lines.flatMap((line, n) => {
      const says = `${lines[n - 1]}${line}`.includes('// ');
      return swallowed.test(line) && !says ? [`${path}:${n + 1}`] : [];
    });
  });
  expect(silent).toEqual([]);
});

test('modules of Node’s own are imported by names, since the build loads them late; but for the one it loads at once', () => {
  const whole = /import\s+(?:\*\s+as\s+)?\w+\s+from\s+'(node:[^']+)'/g;
  const found = sources.flatMap(({ path, text }) =>
    [...text.matchAll(whole)].map(([, what]) => `${path} ${what}`),
  );
  expect(found).toEqual(['src/code-cache.ts node:module']);
});

describe('each effect has one owner', () => {
  test.each<[string, RegExp, string[]]>([
    ['keytar', /^keytar$/, ['src/keyring/serve-keychain.ts']],
    ['Octokit', /^@octokit\//, ['providers/octokit.ts']],
    ['requests', /^(node:)?https?$|^undici$/, ['providers/answer.ts', 'providers/http.ts']],

    ['the spinner', /^ora$/, ['src/ui/spinner.ts']],
  ])('%s', (_, what, owners) => {
    expect(importersOf(what).sort()).toEqual(owners);
  });

  test('the command line', () => {
    const rooms = importersOf(/^commander$/).map(roomOf);
    expect([...new Set(rooms)].sort()).toEqual(['cli', 'commands', 'options']);
  });

  // Those aside whose tmux stays, as the host's client does, and the clipboard of a tmux that is not ours.
  test('tmux runs from one file', () => {
    const runners = importersOf(/^(execa|(node:)?child_process|src\/spawn\/.*)$/).filter(
      (path) => roomOf(path) === 'room',
    );
    expect(runners.sort()).toEqual(
      ['clipboard', 'host', 'menu', 'observe', 'tmux'].map((name) => `src/room/${name}.ts`),
    );
  });

  // The keychain’s child speaks to its parent, a supervisor to who started it; the version needs no ui.
  test('nothing but ui prints', () => {
    const printers = havingText(/\bconsole\.|process\.std(out|err)\.write|\boutput\('std|pipe\(process\.std/);
    expect(printers.filter((path) => roomOf(path) !== 'ui').sort()).toEqual([
      'src/commands/background.ts',
      'src/commands/supervise.ts',
      'src/keyring/serve-keychain.ts',
      'src/main.ts',
      'src/standalone.ts',
    ]);
  });

  test('nothing but main ends the process', () => {
    expect(havingText(/process\.(exit|abort|reallyExit)\(/)).toEqual(['src/main.ts', 'src/standalone.ts']);
  });
});
