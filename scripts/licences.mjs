import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes the licence of every package that is part of a build, with its text: most of them allow copies on that condition.
 * @param results what esbuild gave, with a metafile
 * @param more folders of packages that are in it besides
 */
export function writeLicences(file, results, more = []) {
  const inputs = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const bundled = inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? []);
  const entries = [...new Set([...bundled, ...more])].map(entryOf).sort((a, b) => (a.name < b.name ? -1 : 1));
  const rule = '-'.repeat(80);
  const sections = entries.map(({ title, text }) => `${rule}\n${title}\n\n${text.trim()}\n`);
  const texts = [...new Set(sections)]; // A package can be there twice.
  writeFileSync(file, `tmuxpair has parts of these packages in it:\n\n${texts.join('\n')}`);
}

function entryOf(folder) {
  const { name, version, license, homepage } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((one) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(one));
  const title = `${name} ${version} (${license})`;
  if (file !== undefined) return { name, title, text: readFileSync(join(folder, file), 'utf8') };
  if (homepage === undefined) throw new Error(`${name} has no licence text`);
  return { name, title, text: `Its licence, and those of what it is made of: ${homepage}` };
}
