import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const source = new URL('./bsd-ps.pl', import.meta.url);

/** Whether the programs of accounts are to find no /proc, but a `ps` as BSD's: what macOS is like, as far as Linux can be. */
export const isProcHidden = process.env.TEST_WITHOUT_PROC === '1';

/** What hides /proc in a mount namespace of its own, as a shell command. @param folder an empty one, for what it takes */
export function hidingProc(folder: string): string {
  const [proc, ps] = [`${folder}/proc`, `${folder}/ps`];
  mkdirSync(proc);
  writeFileSync(ps, `#!/usr/bin/perl\n$main::proc = '${proc}';\n${readFileSync(source, 'utf8')}`, {
    mode: 0o755,
  });
  const hide = `mount -t tmpfs -o ro,mode=555 tmpfs /proc`;
  return `mount --rbind /proc '${proc}' && ${hide} && mount --bind '${ps}' "$(command -v ps)"`;
}
