import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buildSync } from 'esbuild';

const root = new URL('../..', import.meta.url).pathname;

/** Bundles TypeScript, which may import from `src/…`, into one file that Node can run. Gives its path. */
export function bundle(folder: string, name: string, source: string): string {
  const built = buildSync({
    stdin: { contents: source, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, built.outputFiles[0]?.contents ?? '');
  return path;
}

/** A Node process of its own, to be killed as the test likes. */
export interface Child {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  /** Resolves when the child has printed `word` on a line of its own. */
  said(word: string): Promise<void>;
  /** Resolves when the child has ended, with all it printed. */
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

export function startChild(script: string, args: readonly string[]): Child {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const waits: { word: string; resolve: () => void }[] = [];
  const hear = (text: string): void => {
    output += text;
    const lines = output.split('\n');
    for (const { word, resolve } of waits) if (lines.includes(word)) resolve();
  };
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  const ended = new Promise<{ code: number | null; output: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, output })),
  );
  return {
    process: child,
    ended,
    said: (word) =>
      new Promise((resolve, reject) => {
        waits.push({ word, resolve });
        hear('');
        void ended.then(() => reject(new Error(`ended without saying ${word}: ${output}`)));
      }),
  };
}
