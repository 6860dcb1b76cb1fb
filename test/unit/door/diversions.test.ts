import { expect, test } from 'vitest';
import { diversionsIn } from '../../../src/door/diversions.ts';

const found = (text: string, shell = 'bash') => diversionsIn(text, shell).diversions.map(({ line }) => line);

test.each([
  'exec zsh',
  '[ -z "$TMUX" ] && exec tmux attach',
  'if [ -t 0 ]; then\n  tmux new-session -A -s main\nfi',
  'case $TERM in xterm*) exec fish -l;; esac',
  '[ -n "$SSH_TTY" ] && screen -dRR',
  'tmux has-session 2>/dev/null && tmux attach',
  'if [[ $LC_TERMINAL == iTerm2 ]]; then tmux -CC new -A; fi',
  'zellij attach -c main',
  'eval "$(zellij setup --generate-auto-start bash)"',
  'byobu',
  '[[ $- == *i* ]] && return\nexec zsh',
  '[ -n "$SSH_CONNECTION" ] && exec tmux',
  'if [[ $- != *i* ]]; then\n  exec zsh\nfi',
  'if [[ $- == *i* ]]; then\n  echo hello\nelse\n  exec zsh\nfi',
  'if [[ $- == *i* ]]; then\n  if true; then :; fi\n  exec fish\nfi\nexec zsh',
  'case $- in *i*) ;; *) exec zsh;; esac',
])('%j may divert', (text) => {
  expect(found(`${text}\n`)).not.toEqual([]);
});

test.each([
  'case $- in\n    *i*) ;;\n      *) return;;\nesac\nexec zsh',
  'case $- in *i*) ;; *) return;; esac\nexec zsh',
  '[[ $- != *i* ]] && return\nexec zsh',
  '[ -z "$PS1" ] && return\nexec zsh',
  '[ -z "${PS1-}" ] && return\ntmux attach',
  '[[ -o interactive ]] || return\nexec zsh',
  '[[ $- == *i* ]] || return\nexec zsh',
  'if [[ $- != *i* ]]; then\n  return\nfi\nexec zsh',
  'if [[ $- == *i* ]]; then\n  if true; then\n    exec fish\n  fi\n  tmux\nfi',
  '[[ $- == *i* ]] && exec fish',
  'case $- in *i*) exec zsh;; esac',
  'case $- in\n  *i*)\n    exec zsh\n    ;;\nesac',
  'if [ -n "$PS1" ] && [ -z "$TMUX" ]; then exec tmux; fi',
  '[ -z "$SSH_CONNECTION" ] && exec tmux',
  '[ -n "$SSH_CONNECTION" ] && return\nexec tmux',
  '[[ $- == *i* && -n $SSH_CONNECTION ]] && exec tmux',
  '# exec zsh\necho exec zsh # tmux',
  'exec 3>&1\nexec >log 2>&1\nexec 2>/dev/null\nexec {fd}<file',
  'alias t="tmux attach"\nexport EDITOR=tmux\nsource_screen=1',
  'tmux set-option -g mouse on\ntmux new-session -d -s work\nscreen -dmS work\nscreen -ls',
  'export PATH=$HOME/bin:$PATH\neval "$(ssh-agent)"',
])('%j does not', (text) => {
  expect(found(`${text}\n`)).toEqual([]);
});

test.each([
  ['if status is-interactive\n  exec tmux\nend', []],
  ['if status is-interactive; and not set -q TMUX\n  if true\n    exec tmux\n  end\nend\nexec bash', [6]],
  ['status is-interactive; or exit\nexec bash', []],
  ['status is-interactive\nor exit\nexec bash', []],
  ['if not status is-interactive\n  exit\nend\nexec bash', []],
  ['if not set -q TMUX\n  tmux\nend', [2]],
])('fish: %j: %j', (text, lines) => {
  expect(found(text, 'fish')).toEqual(lines);
});

test.each([
  ['if (! $?prompt) exit\nexec zsh', []],
  ['if ($?prompt) then\n  exec zsh\nendif', []],
  ['if ($?TERM) exec zsh', [1]],
])('tcsh: %j: %j', (text, lines) => {
  expect(found(text, 'tcsh')).toEqual(lines);
});

test('files that are read, too, as far as everybody comes to them', () => {
  const text =
    '. ~/.aliases\nfor f in ~/.d/*.sh /etc/d/*; do . "$f"; done\n[ -z "$PS1" ] && return\n. ~/.more\n';
  expect(diversionsIn(text, 'bash').sourced).toEqual(
    expect.arrayContaining(['~/.aliases', '~/.d/*.sh', '/etc/d/*']),
  );
  expect(diversionsIn(text, 'bash').sourced).not.toContain('~/.more');
});
