import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { diversionsIn } from '../../../src/shell/file-diversions.ts';
import { isTheirs } from '../../../src/shell/guest-variables.ts';
import { unquotedFinder } from '../../../src/shell/unquoted.ts';

const sources = { entries: ['HOME=/home/ada', 'LC_TIME=C'], accepts: ['LANG', 'LC_*', 'NO_COLOR'] };
const isGuests = (name: string) => isTheirs(name, sources);
const found = (text: string, shell = 'bash') => {
  const find = unquotedFinder(shell, isGuests);
  return text
    .split('\n')
    .map(find)
    .find((one) => one !== undefined);
};

test.each([
  ['[ -z $LANG ] && export LANG=C', '$LANG'],
  ['[ $LC_CTYPE = UTF-8 ]', '$LC_CTYPE'],
  ['[ -f ~/.dircolors.$TERM ] && x', '$TERM'],
  ['[ -z $NO_COLOR ]', '$NO_COLOR'],
  ['if [ x${TERM} = xdumb ]; then', '$TERM'],
  ['if ! test dumb = $TERM; then', '$TERM'],
  ['[ "$A" = b ] || [ "$B" = c -a ${LANG:-C} = C ]', '$LANG'],
  ['[ -z "$A" -o x${A:-$TERM} = x ]', '$TERM'],
  ['case $A in x) [ $TERM = x ];; esac', '$TERM'],
  ['f() { [ $TERM = x ]; }', '$TERM'],
  ['x=$([ $TERM = x ] && echo y)', '$TERM'],
  ['echo "$(test -n $TERM)"', '$TERM'],
  ['echo `[ $TERM = x ]`', '$TERM'],
  ['[ $(echo "$LANG" | cut -c1) = C ]', '$LANG'],
  ['[ -v "$LANG" ]', '$LANG'],
  ['[[ "$LC_TERMINAL" -eq 1 ]]', '$LC_TERMINAL'],
  ['[[ 1 -lt LC_TERMINAL ]]', '$LC_TERMINAL'],
  ['[[ -v $TERM ]]', '$TERM'],
  ['(( LC_MINE > 1 ))', '$LC_MINE'],
  ['x="$((LC_MINE + 1))"', '$LC_MINE'],
  ['let x=$TERM+1', '$TERM'],
  ['declare -i x=$LANG', '$LANG'],
  ['echo "${a[$TERM]}"', '$TERM'],
  ['a[$TERM]=1', '$TERM'],
  ['echo ${a:$LANG}', '$LANG'],
  ['echo ${!TERM}', '$TERM'],
  ['printf -v "$TERM" x', '$TERM'],
  ['eval "x=\\"$TERM\\""', '$TERM'],
  ["eval '[ $TERM = x ]'", '$TERM'],
  ['bash -c "echo $LANG"', '$LANG'],
  ['trap "echo $TERM" EXIT', '$TERM'],
  ['x=$TERM\n[ $x = dumb ]', '$x'],
  ['x="${TERM%%-*} it"\ny=$x\n(( y ))', '$y'],
  ['[ $SSH_ORIGINAL_COMMAND = x ]', '$SSH_ORIGINAL_COMMAND'],
])('%j: %s is taken for code', (text, variable) => {
  expect(found(text)).toBe(variable);
});

test.each([
  '[ "$TERM" = dumb ]',
  '[ -f ~/.dircolors."$TERM" ] && [ -n "${LANG:-}" ]',
  '[ -f "$HOME/.dircolors.$TERM" ]',
  '[ x"$TERM" != "x$LANG" ]',
  "[ '$TERM' = x ] || [ \\$TERM = x ]",
  'case $TERM in xterm-color|*-256color) color_prompt=yes;; esac',
  'case ${LANG:-} in *.UTF-8) x=1;; esac',
  '[[ $TERM == xterm* && -n $LANG ]]',
  '[[ $TERM = dumb ]] && (( x > 1 ))',
  'x=$TERM',
  'export LANG=${LANG:-C} LC_ALL=$LANG',
  'echo $TERM; [ -n "$x" ]',
  'echo [ $TERM ] test $TERM',
  '[ -n "$x" ] && echo $TERM',
  '[ ${#LANG} -gt 1 ] || [ ${TERM:+x} = x ]',
  '[ $(tput -T "$TERM" colors) -ge 8 ]',
  'x=$(tput -T $TERM colors)\n[ $x -ge 8 ]',
  '# [ $TERM = x ]',
  'x=1 # (( TERM ))',
  '(( $(id -u) == 0 ))',
  '[ $LC_TIME = C ] || [ $HOME = / ]',
  '[ $TERMINAL = x ]',
  'eval "$(dircolors -b ~/.dircolors)"',
  'eval "`/usr/bin/dircolors --sh /etc/DIR_COLORS.$TERM 2>/dev/null`"',
  "eval 'x=1'",
  'declare -A colours\necho "${colours[$TERM]}"',
  'sh -c \'echo "$1"\' sh "$TERM"',
  'printf "%s" "$TERM"; read x; declare x="$TERM"',
])('%j is fine', (text) => {
  expect(found(text)).toBe(undefined);
});

test.each([
  ['[ $TERM = dumb ]', undefined],
  ['[[ $TERM == x ]]', undefined],
  ['[[ $LC_TERMINAL -eq 1 ]]', '$LC_TERMINAL'],
  ['(( TERM ))', '$TERM'],
  ['echo ${(P)TERM}', '$TERM'],
  ['x=${TERM:t}', undefined],
  ['echo ${x:$TERM}', '$TERM'],
])('zsh splits no words, and calculates: %j: %j', (text, variable) => {
  expect(found(text, 'zsh')).toBe(variable);
});

test.each([
  ['if (x$TERM == xdumb) set x', '$TERM'],
  ['if (-f ~/.dircolors.$TERM) then', '$TERM'],
  ['else if ( $?LANG && $LANG == C ) then', '$LANG'],
  ['while ($term == x)', '$term'],
  ['@ x = $LC_MINE + 1', '$LC_MINE'],
  ['if ({ grep -q $TERM x }) set y', '$TERM'],
  ['set x = $TERM\nif ($x == y) set z', '$x'],
  ['eval "setenv X $TERM"', '$TERM'],
  ['set x = "`echo $TERM`"', '$TERM'],
  ['if ("$TERM" == dumb) set x', undefined],
  ['if (-f ~/.dircolors."$TERM") set x = "$TERM"', undefined],
  ['if ($?TERM && $TERM:q == x && $#TERM) set y', undefined],
  ['switch ($TERM)', undefined],
  ['if ($?prompt) set prompt = "$TERM"', undefined],
  ['foreach x ($TERM)', undefined],
])('tcsh: %j: %j', (text, variable) => {
  expect(found(text, 'tcsh')).toBe(variable);
});

test.each([
  ['eval "echo $TERM"', '$TERM'],
  ['eval (dircolors -c ~/.dircolors.$TERM)', undefined],
  ['test $TERM = dumb; and echo x', undefined],
])('fish: %j: %j', (text, variable) => {
  expect(found(text, 'fish')).toBe(variable);
});

test('only what is read without a prompt counts, by its line', () => {
  const lines = (text: string) =>
    diversionsIn(text, 'bash', [], true, isGuests).obeying.map(({ line }) => line);
  expect(lines('#\nif [ -n "$X" ]; then\n  [ $TERM = x ]\nfi\n')).toEqual([3]);
  expect(lines('case $- in *i*) ;; *) return;; esac\n[ $TERM = x ]\n')).toEqual([]);
  expect(lines('case $- in *i*) ;; *) [ $TERM = x ] && return;; esac\n')).toEqual([1]);
  expect(lines('if [[ $- == *i* ]]; then\n  [ $TERM = x ]\nfi\n')).toEqual([]);
  expect(lines('[ $TERM = x ] && [[ $- == *i* ]] && x\n')).toEqual([1]);
  expect(lines('[ -z "$PS1" ] && [ $TERM = x ] && return\n')).toEqual([1]);
});

/** As some systems bring them. */
const stock = [
  ...['/etc/bash.bashrc', '/etc/skel/.bashrc', '/etc/profile', '/etc/bashrc'].map((path) => ['bash', path]),
  ...['/etc/zsh/zshenv', '/etc/zsh/zshrc', '/etc/zsh/newuser.zshrc.recommended'].map((path) => ['zsh', path]),
  ...['/etc/csh.cshrc', '/etc/csh.login'].map((path) => ['tcsh', path]),
  ['fish', '/etc/fish/config.fish'],
].filter(([, path]) => existsSync(path ?? ''));

test.runIf(stock.length > 0).each(stock)("%s: the system's own %s is fine", (shell = '', path = '') => {
  expect(found(readFileSync(path, 'latin1'), shell)).toBe(undefined);
});
