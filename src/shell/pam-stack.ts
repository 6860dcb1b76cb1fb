/** The modules that PAM calls for a login, as its configuration names them. */
import { isAbsolute, join } from 'node:path';

/** The file system, as far as this account may read it. */
export interface Files {
  /** The text of a file; `missing`, or `unread` if this account may not read it. */
  readonly read: (path: string) => { readonly text: string } | 'missing' | 'unread';
  /** The names in a folder; none if it can't be listed. */
  readonly list: (path: string) => readonly string[];
}

export interface PamModule {
  /** Without folder and extension: `pam_env`. */
  readonly name: string;
  readonly args: readonly string[];
  /** The file that names it, and where. */
  readonly path: string;
  readonly line: number;
  /** Whether something before it may have PAM skip it. */
  readonly maySkip: boolean;
}

export interface PamStack {
  /**
   * In the order in which sshd has them called: for example those that give credentials, then those that open the
   * session.
   */
  readonly modules: readonly PamModule[];
  /** Files that were looked for, whether or not they exist. */
  readonly files: readonly string[];
  /** Those of them that could not be followed. */
  readonly unread: readonly string[];
}

const folders = ['/etc/pam.d', '/usr/lib/pam.d', '/usr/share/pam.d'];

/** How deeply files may include others. */
const deepest = 16;

export type PamType = 'auth' | 'account' | 'session';

/** What sshd calls for a service for these types, from the file of its name or, if there is none, from `other`. */
export function pamStack(
  service: string,
  { read }: Pick<Files, 'read'>,
  types: readonly PamType[] = ['auth', 'session'],
): PamStack {
  const files = new Set<string>();
  const unread = new Set<string>();

  const find = (name: string): { readonly path: string; readonly text: string } | undefined => {
    for (const path of isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))) {
      files.add(path);
      const found = read(path);
      if (found === 'missing') continue;
      if (found !== 'unread') return { path, ...found };
      unread.add(path);
      return undefined;
    }
    return undefined;
  };
  const linesOf = (name: string, type: PamType, depth: number): PamModule[] => {
    const file = find(name);
    if (!file) return [];
    const { path } = file;
    if (depth > deepest) {
      unread.add(path);
      return [];
    }
    let skips = 0;
    let maySkip = false;
    return logicalLines(file.text).flatMap(({ line, text }): PamModule[] => {
      const [, included] = /^@include\s+(\S+)/.exec(text) ?? [];
      if (included !== undefined) return linesOf(included, type, depth + 1);
      const [kind = '', control = '', module = '', ...args] = splitWords(text);
      if (module === '') {
        unread.add(path);
        return [];
      }
      if (kind.replace(/^-/, '').toLowerCase() !== type) return [];
      const isSkipped = maySkip || skips > 0;
      const jumps = [...control.matchAll(/=\s*(\d+)/g)].map(([, count]) => Number(count));
      skips = Math.max(skips - 1, 0, ...jumps);
      // A login by key skips authentication; what gives credentials then follows the same controls.
      if (/^sufficient$|=\s*(done|die)\b/i.test(control) && type === 'session') maySkip = true;
      if (/^(include|substack)$/i.test(control))
        return linesOf(module, type, depth + 1).map((one) => ({ ...one, maySkip: one.maySkip || isSkipped }));
      const name = module.replace(/^.*\//, '').replace(/\.so(\.\d+)?$/, '');
      return [{ name, args, path, line, maySkip: isSkipped }];
    });
  };
  const stack = find(service) ? service : 'other';
  const modules = types.flatMap((type) => linesOf(stack, type, 0));
  return { modules, files: [...files], unread: [...unread] };
}

/**
 * Lines without comments. A line that ends in a backslash is joined with the next; each has the number of its first.
 */
function logicalLines(text: string): { readonly line: number; readonly text: string }[] {
  let next = 1;
  return text
    .replaceAll('\\\n', '\0')
    .split('\n')
    .map((joined) => {
      const parts = joined.split('\0');
      const line = next;
      next += parts.length;
      return { line, text: parts.join(' ').replace(/#.*/, '').trim() };
    })
    .filter((one) => one.text !== '');
}

/** Words. Those in brackets may hold blanks. */
function splitWords(line: string): string[] {
  return [...line.matchAll(/\[((?:\\\]|[^\]])*)\]|(\S+)/g)].map(
    ([, bracketed, plain]) => bracketed?.replaceAll('\\]', ']') ?? plain ?? '',
  );
}
