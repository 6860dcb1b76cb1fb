import { shWord } from '../domain/sh-word.ts';

export interface Menu {
  readonly title: string;
  /** Shown above the items. */
  readonly lines: readonly string[];
  readonly items: readonly MenuItem[];
}

export interface MenuItem {
  readonly text: string;
  /** `[a-z0-9-]+`. */
  readonly value: string;
  /**
   * One letter or digit. If no item of a menu has one, no letter moves the mark either: only the arrows and Enter do.
   */
  readonly key?: string;
}

/** Columns and lines of a menu, without its border. */
export interface Extent {
  readonly width: number;
  readonly height: number;
}

export function extentOf({ title, lines, items }: Menu): Extent {
  const texts = [
    title,
    ...lines,
    ...items.map(({ text, key }) => text + (key === undefined ? '' : ` (${key})`)),
  ];
  return {
    width: Math.max(...texts.map((text) => text.length)) + 4,
    height: lines.length + items.length + (lines.length > 0 ? 3 : 2),
  };
}

/**
 * A POSIX sh script that shows a menu on its terminal. It writes its process id to `answer`, and then the value of the
 * chosen item, one per line. The arrows and Enter choose an item, as does its key; q, Escape and Ctrl-C close the menu.
 * @param answer a path without quotes
 */
export function menuScript({ title, lines, items }: Menu, answer: string): string {
  const show = (text: string): string => `printf '%s\\033[K\\r\\n' ${shWord(` ${text}`)}`;
  const rows = items.map(
    ({ text, key }, index) =>
      `[ $at = ${index} ] && printf '\\033[7m'; printf '%s\\033[0m\\033[K\\r\\n' ${shWord(`  ${text}${key === undefined ? '' : ` (${key})`}  `)}`,
  );
  const keys = items.flatMap(({ key, value }) =>
    key === undefined ? [] : [`    ${shWord(key)}*) choose ${value};;`],
  );
  const letters =
    keys.length === 0
      ? []
      : [
          '    k*) [ $at -eq 0 ] || at=$((at - 1));;',
          `    j*) [ $at -eq ${items.length - 1} ] || at=$((at + 1));;`,
        ];
  const values = items.map(({ value }, index) => `    ${index}) choose ${value};;`);
  return `#!/bin/sh
set -fu
PATH=/usr/bin:/bin:/usr/local/bin:\${PATH-}
echo $$ >${shWord(answer)} || exit 1
saved=$(stty -g)
trap 'stty "$saved"; exit 0' HUP INT TERM
stty -icanon -echo -isig -icrnl min 1 time 0
choose() { printf '%s\\n' "$1" >>${shWord(answer)}; stty "$saved"; exit 0; }
draw() {
  printf '\\033[?25l\\033[H'
  ${show(title)}
  ${[...lines, ...(lines.length > 0 ? [''] : [])].map(show).join('\n  ') || ':'}
  ${rows.join('\n  ')}
}
at=0
esc=$(printf '\\033') enter=$(printf '\\015')
while draw; do
  typed=$(dd bs=64 count=1 2>/dev/null; echo .)
  typed=\${typed%.}
  [ -n "$typed" ] || exit 0
  while [ -n "$typed" ]; do
    case $typed in
    "$esc"[[O]A*) [ $at -eq 0 ] || at=$((at - 1)); typed=\${typed#???}; continue;;
    "$esc"[[O]B*) [ $at -eq ${items.length - 1} ] || at=$((at + 1)); typed=\${typed#???}; continue;;
    "$esc"[[O]*) typed=; continue;;
    "$enter"*) case $at in
${values.join('\n')}
    esac;;
${[...keys, ...letters].join('\n')}
    "$esc"*|q*|"$(printf '\\003')"*) stty "$saved"; exit 0;;
    esac
    typed=\${typed#?}
  done
done
`;
}
