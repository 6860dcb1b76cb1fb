import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { diversionObstacles } from '../../../src/shell/diversions.ts';
import { diversionsIn } from '../../../src/shell/file-diversions.ts';

const found = (text: string, shell = 'bash', environment = ['HOME=/home/ada']) =>
  diversionsIn(text, shell, environment).diversions.map(({ line }) => line);

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
  'if [ "$TERM" = dumb ]; then bash -i; fi',
  '[ -e ~/.use-fish ] && fish',
  '[ -e ~/.x ] && builtin exec zsh',
  "[ -e ~/.x ] && eval 'exec zsh'",
  "trap 'bash -i' EXIT",
  'case $SSH_CLIENT in 10.*) zsh -l ;; esac',
  'case $SSH_CLIENT in\n  10.*)\n    menu\n    ;;\nesac',
  '[ -r "$UNKNOWN/x" ] && . "$UNKNOWN/x"',
  'if [ -x /usr/bin/newgrp ]; then newgrp work; fi',
  'while ! mountpoint -q /work; do sudo mount /work; done',
  'start() {\n  exec zsh\n}\n[ -e ~/.x ] && start',
  'x=$([ -e ~/.x ] && bash -i)',
  'if true\nthen\n  python3\nfi',
  'if true; then\n  cat <<END\nexec zsh\nEND\n  bash\nfi',
  'if [ -n "$PS1" ]; then\n  :\nelif [ "$TERM" = x ]; then\n  zsh -l\nfi',
  'if [ -z "$SSH_CONNECTION" ]; then\n  :\nelif [ "$TERM" = x ]; then exec zsh\nfi',
  'if [ -n "$SSH_CONNECTION" ] && [ -z "$SSH_TTY" ]; then return; fi\n[ "$TERM" = x ] && zsh',
  '[ -z "$PS1" ] && [ "$TERM" = dumb ] && return\nzsh -l',
  '[[ $- != *i* && ! -t 0 ]] && return\n[ "$TERM" = x ] && zsh',
  '[[ $- == *i* ]] || [[ -n $SSH_TTY ]] || return\n[ "$TERM" = x ] && zsh',
  'if [[ $- == *i* || $TERM == x ]]; then\n  zsh -l\nfi',
  'if [[ $- != *i* ]]; then\n  if [ "$TERM" = dumb ]; then\n    return\n  fi\nfi\n[ "$TERM" = x ] && zsh',
  '[ "$TERM" = dumb ] && return\nzsh -l',
  'zz() { zsh -l; }\n[ "$TERM" = x ] && zz',
  '[ "$TERM" = x ] && ssh-agent bash',
  '[ "$TERM" = x ] && mise x -- zsh',
  '[ "$TERM" = x ] && direnv exec . zsh',
  'if [[ $TERM == x ]] { zsh -l }',
  'if true; then\n  cat <<-\\EOF\n\tx\n\tEOF\n  zsh\nfi',
  '. "$(dirname "$BASH_SOURCE")/env"',
  'if [[ $- == *i* ]]; then :; else zsh -l; fi',
  '[ "$TERM" = x ] && sudo env bash',
  '[ "$TERM" = x ] && zsh --init',
  'case $- in *i*) ;; *) [ "$TERM" = x ] && exec bash; return;; esac',
  'case $- in\n  *i*) ;;\n  *)\n    if [ "$TERM" = x ]; then\n      zsh -l\n    fi\n    return\n    ;;\nesac',
  'case $- in *i*) ;; *) [ "$TERM" = dumb ] && return;; esac\nexec zsh',
  'case $- in *i*|*x*) ;; *) return;; esac\n[ "$TERM" = x ] && zsh',
  'case $- in *i*) exec zsh;; *x*) exec zsh;; esac',
  'if [ -z "$PS1" ]; then case $TERM in x) exec bash;; esac; return; fi',
  '[ -z "$PS1" ] && { case $TERM in x) zsh;; esac; }; return',
  '[[ $- == *i* ]] || { [ "$TERM" = x ] && zsh; return; }',
  '[[ ! $- == *i* ]] && exec zsh',
  'if [[ $- == *i* ]] { exec zsh }\n[ "$TERM" = x ] && zsh',
  'if [[ $- == *i* ]] echo\n[ "$TERM" = x ] && exec zsh',
  '[ "$TERM" = x ] &&\n  zsh',
  '[ "$TERM" = x ] && who &>/dev/null && zsh',
  '() { return }\n[ "$TERM" = x ] && zsh',
  'function f() { return; }\n[ "$TERM" = x ] && zsh',
  '(exit)\n[ "$TERM" = x ] && zsh',
  "[ -e ~/.x ] && echo 'one' && bash",
  '[ -e ~/.x ] && echo "it\'s" && bash',
  "[ -e ~/.x ] && echo ' # ' && bash",
  "[ -e ~/.x ] && echo $'it\\'s' && bash",
  '[ -e ~/.x ] && echo "$(echo "(; it\'s")" && bash',
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
  '[[ $- == *i* ]] && exec fish || return',
  '[ -z "$PS1" ] && return; exec zsh',
  '[[ $- == *i* ]] ||\n  return\nexec zsh',
  '[[ -z $PS1 || $TERM == dumb ]] && return\nexec zsh',
  '[ -z "$PS1" ] && return || exec zsh',
  'if [ -z "$PS1" ]; then return; else exec zsh; fi',
  '! [[ $- == *i* ]] && return\nexec zsh',
  'if [[ $- == *i* ]] { exec zsh; } else { return; }',
  'case $- in\n  (*i*) exec zsh ;;\n  (*) return ;;\nesac\nexec zsh',
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
  'case ":$PATH:" in\n  *:"$HOME/bin":*) ;;\n  *)\n    export PATH="$HOME/bin:$PATH"\n    ;;\nesac',
  'if [ -f /etc/bashrc ]; then\n  . /etc/bashrc\nfi',
  'if [ -d ~/.bashrc.d ]; then\n  for rc in ~/.bashrc.d/*; do\n    if [ -f "$rc" ]; then\n      . "$rc"\n    fi\n  done\nfi\nunset rc',
  'for i in /etc/profile.d/*.sh; do if [ -r "$i" ]; then if [ "$PS1" ]; then . "$i"; else . "$i" >/dev/null; fi; fi; done',
  'pathmunge () {\n    case ":${PATH}:" in\n        *:"$1":*)\n            ;;\n        *)\n            if [ "$2" = "after" ] ; then\n                PATH=$PATH:$1\n            else\n                PATH=$1:$PATH\n            fi\n    esac\n}\n[ -d /opt/bin ] && pathmunge /opt/bin',
  'if [ $UID -gt 199 ] && [ "`id -gn`" = "`id -un`" ]; then\n  umask 002\nelse\n  umask 022\nfi',
  '[ -x /usr/bin/dircolors ] && eval "$(dircolors -b ~/.dircolors)"',
  'if command -v direnv >/dev/null 2>&1; then eval "$(direnv hook bash)"; fi',
  'export NVM_DIR="$HOME/.nvm"\n[ -s "$NVM_DIR/nvm.sh" ] && . "$NVM_DIR/nvm.sh"',
  '[[ -f ~/.x && ( -n $A || -n $B ) ]] && alias x=exec',
  'if (( $(id -u) == 0 )); then umask 022; fi',
  'VERSION=$(cat /etc/os-release | grep -c x) || true',
  'if true; then\n  cat <<END\nexec zsh\nEND\nfi',
  'if [ -z "$A" ]; then A=(one two); fi',
  "trap 'rm -f /tmp/x' EXIT",
  'if [ -e ~/.x ]; then echo "it\'s (so) on; tmux"; fi',
  "if [ -e ~/.x ]; then\n  echo 'one\nexec zsh; tmux\n'\nfi",
  'bash --version >/dev/null',
  '__conda_setup="$(\'/opt/conda/bin/conda\' \'shell.bash\' \'hook\' 2> /dev/null)"\nif [ $? -eq 0 ]; then\n    eval "$__conda_setup"\nelse\n    if [ -f "/opt/conda/etc/profile.d/conda.sh" ]; then\n        . "/opt/conda/etc/profile.d/conda.sh"\n    else\n        export PATH="/opt/conda/bin:$PATH"\n    fi\nfi\nunset __conda_setup',
  'command -v fzf >/dev/null && eval "$(fzf --bash)"',
  '[ -n "$TMUX" ] && export $(tmux show-environment | grep ^SSH)',
  'if [ "$PS1" ]; then exec zsh; fi',
  'f() {\n  [ -n "$1" ] || return\n  cd "$1"\n}\nzz',
  'if command -v x >/dev/null; then\n  dirs=$(echo "$all" |\n  (\n    while read -r one\n    do\n      case ":$D:" in\n        (*":$one:"*) :;;\n        (*) new=${new:+${new}:}$one;;\n      esac\n    done\n    echo "$new"\n  )\n  )\nfi',
  'if [ -f x ]; then\n  eval $(sed -r -e \'s/^([A-Z]+)=("[a-z]+")/export \\1=\\2/;t;d\' x)\nfi',
])('%j does not', (text) => {
  expect(found(`${text}\n`)).toEqual([]);
});

const obeyedOf = (text: string) =>
  diversionsIn(text, 'bash', [], true, (name) => name === 'TERM').obeying.map(({ line }) => line);

test.each([
  ['[[ $- == *i* ]] && [ $TERM = x ] && PS1=x', []],
  ['if [[ $- == *i* ]]; then [ $TERM = x ] && PS1=x; fi', []],
  ['[ -z "$PS1" ] || [ $TERM = x ]', []],
  ['[ -n "$PS1" ] && [ $TERM = x ] && PS1=x', []],
  ['[ $TERM = x ] && PS1=x', [1]],
  ['[[ $- == *i* ]] && [ $TERM = x ] || [ $TERM = y ]', [1]],
  ['[[ $- == *i* ]] && :; [ $TERM = x ] && PS1=x', [1]],
  ['[[ $- == *i* ]] || [ $TERM = x ] && PS1=x', [1]],
  ['[[ $- == *i* && $TERM -eq 1 ]] && PS1=x', [1]],
  ['[[ $- == *i* ]] && echo $(:)\n[ $TERM = x ]', [2]],
  ['[ $TERM = x ] && [[ $- == *i* ]] && PS1=x', [1]],
  ['if [[ $- == *i* ]]; then :; else [ $TERM = x ]; fi', [1]],
] as const)('a variable that is taken for code counts unless it is at a prompt: %j', (text, lines) => {
  expect(obeyedOf(text)).toEqual(lines);
});

const endsOf = (text: string, shell = 'bash', isAlways = true) =>
  diversionsIn(text, shell, [], isAlways, (name) => /^(TERM|LANG|LC_\w+|COLORTERM)$/.test(name)).ends.map(
    ({ line }) => line,
  );

test.each([
  ['[ "$TERM" = screen ] && exit 1', 1],
  ['case $TERM in dumb) return;; xterm*) exit;; esac', 1],
  ['case $TERM in\n  vt*)\n    echo no\n    exit 1\n    ;;\nesac', 4],
  ['if [ "$TERM" = screen ]; then\n  exit\nfi', 2],
  ['[[ $TERM == xterm* ]] || exit 1', 1],
  ['test "$TERM" = vt100 && { echo no >&2; exit 1; }', 1],
  ['[ -z "$LC_TERMINAL" ] || builtin exit', 1],
  ['t=$TERM\ncase $t in vt*) kill -9 $$;; esac', 2],
  ['[ "$(tput colors)" -lt 8 ] && exit', 1],
  ['case $SSH_CLIENT in 10.*) exit 1;; esac', 1],
  ['case $- in *i*) ;; *) [ "$TERM" = dumb ] && exit; return;; esac', 1],
  ['[ "$TERM" = dumb ] && return\nexit', 2],
])('%j ends some logins', (text, line) => {
  expect(endsOf(text)).toEqual([line]);
  expect(endsOf(text, 'zsh')).toEqual([line]);
  expect(found(text.replace(/kill.*\$\$/, 'exit'))).toEqual([]);
});

test.each([
  '[[ $- == *i* ]] && [ $TERM = x ] && PS1=x',
  '[[ $- == *i* ]] && [ "$TERM" = x ] && exit',
  '[ "$TERM" = x ] && PS1="$ " && export PS1',
  'case $TERM in xterm*) color=yes;; esac',
  'case $- in *i*) ;; *) return;; esac\n[ "$TERM" = screen ] && exit 1',
  '[ "$TERM" = dumb ] && return',
  '[ "$TERM" = dumb ] && (exit 1)',
  '[ "$TERM" = dumb ] && x=$(exit 1)',
  'die() {\n  echo "$TERM"\n  exit 1\n}',
  '[ "$TERM" = dumb ] && echo exit; alias q=exit',
  'ls /x | while read -r x; do echo "$TERM"; done',
  // The same for all guests: a trial tells.
  '[ "$(id -u)" = 0 ] && exit 1',
  '[ -e ~/.nologin ] && exit\ncase $TERM in xterm*) ;; esac',
  'command -v starship >/dev/null || exit',
])('%j ends no login', (text) => {
  expect(endsOf(text)).toEqual([]);
});

test('exit ends no shell in fish and csh, and any in a file that is read at times only may', () => {
  expect(endsOf('test "$TERM" = screen; and exit 1', 'fish')).toEqual([]);
  expect(endsOf('if ("$TERM" == screen) exit 1', 'tcsh')).toEqual([]);
  expect(endsOf('exit 1', 'bash', false)).toEqual([1]);
});

/** Below a condition that a trial need not meet. */
const atTimes: Readonly<Record<string, (command: string) => string>> = {
  bash: (command) => `if [ "$TERM" = screen ]; then\n  ${command}\nfi\n`,
  fish: (command) => `if test "$TERM" = screen\n  ${command}\nend\n`,
  tcsh: (command) => `if ("$TERM" == screen) then\n  ${command}\nendif\n`,
};

test.each([
  ['bash', 'TERM=xterm-256color tmux new -A -s main'],
  ['bash', 'TMUX= tmux attach'],
  ['bash', 'LC_ALL=C screen -x'],
  ['bash', 'A=1 zellij'],
  ['bash', 'env -u TMUX nice tmux'],
  ['bash', '\\tmux'],
  ['bash', '"tmux" attach'],
  ['bash', '! tmux attach'],
  ['bash', 'time tmux'],
  ['bash', 'command tmux attach'],
  ['bash', 'x=$(tmux attach)'],
  ['bash', 'echo "`screen -r`"'],
  ['bash', 'tmux "$@"'],
  ['bash', 'tmux $TMUX_ARGS'],
  ['bash', 'tmux attach-ses'],
  ['bash', 'tmux start-server \\; attach'],
  ['bash', "tmux ls ';' attach"],
  ['bash', 'tmux new-session -A -d -s main'],
  ['bash', 'tmux new -sd'],
  ['bash', 'tmux -L -V'],
  ['bash', 'tmux -c bash'],
  ['bash', 'tmux source-file ~/.attach'],
  ['bash', 'screen -S work -r -dm'],
  ['bash', 'screen -S -X'],
  ['bash', '>/dev/null exec bash'],
  ['bash', '. /dev/tty'],
  ['bash', 'eval "$(cat /dev/tty)"'],
  ['bash', 'find / -maxdepth 0 -exec bash ";"'],
  ['bash', 'find ~ -name x -execdir less {} +'],
  ['bash', "find . -exec true ';' -ok sh -c x ';'"],
  ['bash', 'awk \'BEGIN { system("bash") }\''],
  ['bash', 'gawk \'BEGIN { "bash" | getline }\''],
  ['bash', 'awk \'{ print | "sh" }\' x'],
  ['bash', 'awk -f ~/x.awk'],
  ['bash', 'cat x | xargs sh'],
  ['bash', 'xargs env'],
  ['bash', 'opam exec -- zsh'],
  ['bash', 'pyenv shell'],
  ['bash', 'env A=1 bash'],
  ['bash', 'env -S "bash -i"'],
  ['bash', 'nice -n 5 zsh'],
  ['bash', 'timeout -k 1 5 vim'],
  ['bash', 'setsid -w sudo -u ada tmux attach'],
  ['bash', 'gpg-agent --daemon bash'],
  ['bash', 'gpg-connect-agent'],
  ['fish', 'tmux new -d \\; attach'],
  ['fish', 'TERM=x tmux attach'],
  ['fish', 'set x (tmux attach)'],
  ['tcsh', 'tmux new -d \\; attach'],
  ['tcsh', 'time tmux attach'],
])('%s: at times %s takes the terminal', (shell, command) => {
  expect(found(atTimes[shell]?.(command) ?? '', shell)).toEqual([2]);
});

test.each([
  'tmux -V',
  'tmux has-session -t work 2>/dev/null',
  'env LC_ALL=C tmux -L mine ls',
  'tmux set-environment -g DISPLAY "$DISPLAY"',
  "tmux display-message -p '#S'",
  'TERM=xterm tmux new-session -d -s work',
  'tmux start \\; set -g mouse on',
  'tmux new -Ddswork vim \\; splitw -h',
  'screen -ls',
  'screen -S work -X stuff x',
  'screen -d -m -S work',
  'zellij list-sessions',
  'exec {fd}<file',
  "find ~/.cache -name x -exec rm -f {} ';'",
  'find ~ -maxdepth 1 -newer x',
  "awk -F: '$3 >= 1000 || /a|b/ { print $1 }' /etc/passwd",
  'ls | xargs -r rm -f',
  'opam env --switch=default',
  'pyenv init - bash',
  'env | grep ^LC_',
  'env -u A B=1 date',
  'nice -n 5 ls',
  'timeout -s KILL 5 cat x',
  'gpg-connect-agent updatestartuptty /bye',
  'fortune | cowsay',
  'neofetch',
])('at times %s does not', (command) => {
  expect(found(atTimes.bash?.(command) ?? '')).toEqual([]);
});

test.each([
  ['if status is-interactive\n  exec tmux\nend', []],
  ['if status is-interactive; and not set -q TMUX\n  if true\n    exec tmux\n  end\nend\nexec bash', [6]],
  ['status is-interactive; or exit\nexec bash', []],
  ['status is-interactive\nor exit\nexec bash', []],
  ['if not status is-interactive\n  exit\nend\nexec bash', []],
  ['if not set -q TMUX\n  tmux\nend', [2]],
  ['test -e ~/.x; and bash', [1]],
  ['if test -d ~/bin\n  fish_add_path ~/bin\nend', []],
  ['if type -q kubectl\n  kubectl completion fish | source\nend', []],
  ['if type -q starship\n  starship init fish | source\nend', []],
  ['switch (uname)\n  case Linux\n    set -gx A b\n  case "*"\n    zsh\nend', [5]],
  ['function x\n  echo (date)\nend', []],
])('fish: %j: %j', (text, lines) => {
  expect(found(text, 'fish')).toEqual(lines);
});

test.each([
  ['if (! $?prompt) exit\nexec zsh', []],
  ['if ($?prompt == 0) then\n  if ($TERM == x) zsh\nendif', [2]],
  ['if ($?prompt) then\n  exec zsh\nendif', []],
  ['if ($?TERM) exec zsh', [1]],
  ['if ( -e ~/.x ) bash', [1]],
  ['( bash )\nif ( -e ~/.x ) ( bash )', [2]],
  ['if ($?tcsh && `uname` == Linux) then\n  bindkey "x" y # Home\nendif', []],
  ['set dir=/etc/x.d\nforeach FILE (`/bin/ls $dir/*`)\n  source $FILE;\nend;\nif ($?X) source $X', [5]],
  ['if ( -d ~/bin ) set path = ( ~/bin $path )', []],
  ['if ( $uid > 199 ) then\n  umask 002\nelse\n  umask 022\nendif', []],
])('tcsh: %j: %j', (text, lines) => {
  expect(found(text, 'tcsh')).toEqual(lines);
});

/** As sshd(8) has it, but for what it says to xauth. */
const sshrc = `if read proto cookie && [ -n "$DISPLAY" ]; then
  if [ \`echo $DISPLAY | cut -c1-10\` = 'localhost:' ]; then
    # X11UseLocalhost=yes
    echo add unix:\`echo $DISPLAY | cut -c11-\` $proto $cookie
  else
    echo add $DISPLAY $proto $cookie
  fi | xauth -q -
fi
`;

test.each([
  [sshrc, []],
  ['if test "$SSH_AUTH_SOCK"; then ln -sf $SSH_AUTH_SOCK ~/.ssh/agent; fi\n', []],
  ['if [ "$TERM" = x ]; then bash -i </dev/tty >/dev/tty; fi\n', [1]],
])('sshrc: %j: %j', (text, lines) => {
  expect(found(text, 'sh')).toEqual(lines);
});

test('files that are read, too, as far as everybody comes to them', () => {
  const text =
    '. ~/.aliases\nfor f in ~/.d/*.sh /etc/d/*; do . "$f"; done\n[ -z "$PS1" ] && return\n. ~/.more\n';
  const sourced = (of: string, shell = 'bash') =>
    diversionsIn(of, shell, ['HOME=/h']).sourced.map(
      ({ word, isAlways }) => `${isAlways ? '' : 'at times '}${word}`,
    );
  expect(sourced(text)).toEqual(expect.arrayContaining(['/h/.aliases', '/h/.d/*.sh', '/etc/d/*']));
  expect(sourced(text)).not.toContain('/h/.more');
  expect(sourced('for f in ~/.{a,b} ~/.c; do [ -r "$f" ] && . "$f"; done\n')).toEqual(
    expect.arrayContaining(['/h/.a', '/h/.b', '/h/.c']),
  );
  expect(sourced('. "${XDG_CONFIG_HOME:-$HOME/.config}/bash/env"\n')).toEqual(['/h/.config/bash/env']);
  expect(sourced('[ -f ~/.x ] && . ~/.x\nif [ -r ~/.y ]; then\n  . ~/.y\nfi\n')).toEqual(['/h/.x', '/h/.y']);
  expect(sourced('[ "$TERM" = x ] && . ~/.x\n')).toEqual(['at times /h/.x']);
  expect(sourced('export ZDOTDIR="$HOME/.config/zsh"\n', 'zsh')).toEqual(['/h/.config/zsh/.zshenv']);
});

test.each([
  ['exec zsh\n', 'exec zsh'],
  ['[ x ] && exec -l zsh -f\n', 'exec zsh'],
  ['TMUX= tmux attach -d\n', 'tmux attach -d'],
  ['$('.repeat(9000), 'too deep to be looked at'],
  [':\n'.repeat(90_000), 'too long to be looked at'],
])('what is found in a file, or that it was not looked at: %.9s…', (text, command) => {
  const home = mkdtempSync(join(tmpdir(), 'tmuxpair-diversions-'));
  writeFileSync(join(home, '.bashrc'), text);
  const found = diversionObstacles('/bin/bash', { entries: [`HOME=${home}`], accepts: [] });
  rmSync(home, { recursive: true });
  expect(found).toEqual([{ kind: 'may-divert', path: join(home, '.bashrc'), line: 1, command }]);
});

/** What is told of an account whose home has these files. */
function toldOf(files: Readonly<Record<string, string>>, shell = '/bin/bash') {
  const home = mkdtempSync(join(tmpdir(), 'tmuxpair-diversions-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), text, { mode: 0o755 });
  }
  const entries = [`HOME=${home}`, 'PATH=/usr/bin:/bin'];
  const told = diversionObstacles(shell, { entries, accepts: ['TERM'] });
  rmSync(home, { recursive: true });
  return told.map((one) =>
    'path' in one && 'line' in one ? `${one.kind} ${one.path.replace(`${home}/`, '')}:${one.line}` : one.kind,
  );
}

const attach =
  '#!/bin/sh\n[ -n "$TMUX" ] || ! tmux has-session -t main 2>/dev/null || exec tmux attach -t main\n';
const diverts = '[ "$SSH_CLIENT" = x ] && exec bash --norc -i\n';

test.each([
  ['~/bin/attach-main\n', 'bin/attach-main:2'],
  ['"$HOME"/bin/attach-main\n', 'bin/attach-main:2'],
  ['PATH=$PATH:~/bin; attach-main\n', 'bin/attach-main:2'],
  ['attach-main\nexport PATH="$HOME/bin:$PATH"\n', 'bin/attach-main:2'],
  ['. ~/.env\nattach-main\n', 'bin/attach-main:2'],
  ['nice ~/bin/attach-main\n', 'bin/attach-main:2'],
  ['LC_ALL=C command ~/bin/attach-main &\n', 'bin/attach-main:2'],
  ['bash ~/bin/attach-main\n', 'bin/attach-main:2'],
  ['x=$(~/bin/attach-main)\n', 'bin/attach-main:2'],
  ['find ~ -maxdepth 0 -exec ~/bin/attach-main ";"\n', 'bin/attach-main:2'],
  ['~/bin/outer\n', 'bin/attach-main:2'],
  ['~/bin/plain\n', 'bin/plain:1'],
  ['~/bin/ls\n', 'bin/ls:2'],
  ['~/bin/other\n', '.bashrc:1'],
  ['~/bin/program\n', '.bashrc:1'],
  ['~/bin/asking\n', '.bashrc:1'],
  ['cd ~/bin; ./attach-main\n', '.bashrc:1'],
  ['S=:; $S\n', '.bashrc:1'],
  ["sh -c 'test -e /x && exec bash'\n", '.bashrc:1'],
  ["eval '~/bin/attach-main'\n", 'bin/attach-main:2'],
  ['eval "$(cat ~/.dd/a.sh)"\n', '.dd/a.sh:1'],
  ['eval "`cat ~/.dd/a.sh`"\n', '.dd/a.sh:1'],
  ['eval "$(<~/.dd/a.sh)"\n', '.dd/a.sh:1'],
  ['x=$(cat ~/.dd/a.sh); eval "$x"\n', '.dd/a.sh:1'],
  ['eval "$(sed s/a/b/ ~/.dd/a.sh)"\n', '.dd/a.sh:1'],
  ['. <(cat ~/.dd/a.sh)\n', '.dd/a.sh:1'],
  ['source <(cat ~/.dd/*)\n', '.dd/a.sh:1'],
  ['cat ~/.dd/a.sh | . /dev/stdin\n', '.dd/a.sh:1'],
  ['eval "$(cat "$1")"\n', '.bashrc:1'],
  ['eval "$(~/bin/quiet)"\n', '.bashrc:1'],
])('what always runs is looked into: %j', (text, where) => {
  const files = {
    '.bashrc': text,
    '.env': 'PATH=$PATH:~/bin\n',
    '.dd/a.sh': diverts,
    'bin/attach-main': attach,
    'bin/outer': '#!/usr/bin/env bash\ncd "$HOME"\n~/bin/attach-main\nexit 0\n',
    'bin/plain': diverts,
    'bin/ls': attach,
    'bin/other': '#!/usr/bin/python3\n',
    'bin/program': '\x7fELF\0',
    'bin/asking': '#!/bin/bash -i\n',
    'bin/quiet': '#!/bin/sh\necho x=1\n',
  };
  expect(toldOf(files)).toEqual([`may-divert ${where}`]);
});

test.each([
  '~/bin/quiet\n',
  '~/bin/missing\n',
  '~/bin/pyenv init -\n',
  'export PATH="$HOME/bin:$PATH"\neval "$(pyenv init --path)"\neval "$(pyenv init -)"\n',
  'export PATH="$HOME/bin:$PATH"\neval "$(pyenv init -)"\neval "$(pyenv virtualenv-init -)"\n',
  'eval "$(~/bin/brew shellenv)"\n',
  'eval "$(starship init bash)"\neval "$(~/.local/bin/zoxide init bash)"\neval "$(direnv hook bash)"\n',
  'eval "$(~/.local/bin/mise activate bash)"\n',
  '. "$HOME/.nvm/nvm.sh"\n',
  'eval "$(dircolors -b)"\neval "$(ssh-agent -s)"\neval "$(keychain --eval id_ed25519)"\n',
  '[ -x /usr/bin/lesspipe ] && eval "$(SHELL=/bin/sh lesspipe)"\n',
  'fortune\nneofetch\nfortune | cowsay\n',
  'eval "$(cat ~/.dd/plain)"\n. <(cat ~/.dd/plain)\n',
  'case $- in *i*) ;; *) return;; esac\n~/bin/attach-main\n',
  '[[ $- == *i* ]] && ~/bin/attach-main\n',
  'attach-main() { :; }\nPATH=~/bin:$PATH\nattach-main\n',
  '~/.local/bin/starship --version\n',
  'command -v ~/bin/attach-main\n',
  'which lsb_release\nlsb_release -d\n',
])('and raises no false alarm: %j', (text) => {
  const files = {
    '.bashrc': text,
    '.nvm/nvm.sh': 'export NVM_DIR="$HOME/.nvm"\nnvm() { echo "$@"; }\n',
    '.dd/plain': 'export A=b\nalias t="tmux attach"\n',
    '.local/bin/starship': '\x7fELF\0',
    '.local/bin/zoxide': '\x7fELF\0',
    '.local/bin/mise': '\x7fELF\0',
    'bin/attach-main': attach,
    'bin/quiet': '#!/bin/sh\ncd /tmp || exit 1\nset -e\ndate >~/.last\nexit 0\n',
    'bin/pyenv': '#!/usr/bin/env bash\nexec "$1"\n',
    'bin/brew': '#!/bin/bash\nexec "$1"\n',
  };
  expect(toldOf(files)).toEqual([]);
});
