import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { dirname } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import type { Figure } from './measure.ts';
import { startingNode } from './programs.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** What a section has measured: its test's name is its title. */
    figures?: readonly Figure[];
  }
}

interface Section {
  readonly title: string;
  readonly figures: readonly Figure[];
}

/** Prints the figures of all sections as one Markdown table after the run, and writes them to a file as JSON. */
export function tableReporter(file: string): Reporter {
  const load = loadavg()[0] ?? 0;
  return {
    onTestRunEnd: (modules) => {
      const sections = modules.flatMap(sectionsOf).sort((a, b) => (a.title < b.title ? -1 : 1));
      if (sections.length === 0) return;
      const machine = machineNow(load);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify({ measuredAt: new Date(), machine, sections }, undefined, 2)}\n`);
      process.stdout.write(`\n${tableOf(sections)}\n\n${wordsOf(machine)}\n`);
    },
  };
}

export function tableOf(sections: readonly Section[]): string {
  const rows = sections.flatMap(({ title, figures }) => [
    [`**${title}**`, '', '', '', ''],
    ...figures.map(({ name, unit, median, min, max, runs, ratios }) => [
      name,
      `${amount(median)} ${unit}`.trimEnd(),
      min === max ? '' : `${amount(min)} – ${amount(max)}`,
      String(runs),
      Object.entries(ratios)
        .map(([floor, ratio]) => `${ratio.toFixed(2)} × ${floor}`)
        .join(', '),
    ]),
  ]);
  const head = ['', 'median', 'min – max', 'runs', 'ratio'];
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => (row[at] ?? '').length), 3));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => (at === 0 || at === 4 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, at) =>
    at === 0 || at === 4 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

function sectionsOf(module: TestModule): Section[] {
  return [...module.children.allTests('passed')].flatMap((test) => {
    const { figures } = test.meta();
    return figures ? [{ title: test.name, figures }] : [];
  });
}

function amount(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** @param load how busy the machine was before the run, as processes that wanted to run over one minute */
function machineNow(load: number) {
  const certificates = startingNode.NODE_EXTRA_CA_CERTS;
  const [cpu] = cpus();
  return {
    cpu: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}`,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    tmux: execFileSync('tmux', ['-V'], { encoding: 'utf8' }).trim(),
    load,
    ...(certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates }),
  };
}

function wordsOf(machine: ReturnType<typeof machineNow>): string {
  const { cpu, memoryGB, kernel, node, tmux, load } = machine;
  const more = machine.NODE_EXTRA_CA_CERTS === undefined ? '' : ' with NODE_EXTRA_CA_CERTS';
  return `${cpu}, ${memoryGB} GB, Linux ${kernel}, Node ${node}${more}, ${tmux}; load ${load.toFixed(1)} when it began`;
}
