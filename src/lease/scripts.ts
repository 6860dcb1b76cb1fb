/**
 * The five `sh` scripts of a lease, as text. They are POSIX sh, because they must cost milliseconds and work if Node
 * can't start. Each is run as `/bin/sh FILE`: the run directory may be mounted `noexec`. Everything inserted into them
 * is a safe token or quoted here.
 *
 * A guest process is known by an empty file in `in/`, so registering is one atomic system call:
 *
 *     in/KIND,LABEL,KEY,PARENT,START,PID,START,ADDRESS
 *
 * KEY is the number of the guest's key, from 1. KIND `ssh` is a gate under sshd (PARENT is the sshd of that connection;
 * PID is the gate, and tmux after the exec). KIND `air` is the client that looks into the room from inside an airlock
 * (PARENT is the airlock's tmux server). KIND `con` is a connection to a private sshd, registered before it can say a
 * word: PID leads the process group of all its sshd processes, PARENT is PID again, LABEL is empty until the guest has
 * logged in, and ADDRESS is empty. KIND `tun` is a tunnel, in the same form. START is as in process.ts: a number alone
 * could be another process's by now.
 */

import { inLease } from '../domain/lease-folder.ts';
import type { LeaseId } from '../domain/lease-id.ts';
import { shQuote } from '../domain/sh-word.ts';
import { largestTerminal as largest, smallestTerminal as smallest } from '../domain/terminal-size.ts';
import { hasProc, type ProcessIdentity } from './process.ts';
import { expired, started } from './script-parts.ts';

export interface GateContext {
  readonly id: LeaseId;
  /** The lease's folder. */
  readonly folder: string;
  readonly uid: number;
  /** The account's home, as the password file has it. */
  readonly home: string;
  readonly supervisor: ProcessIdentity;
  /** How many gates one guest, and all guests together, may have at a time. */
  readonly caps: { readonly guest: number; readonly pairing: number };
  /** The commands that end the script inside the room, by access. Each one execs. */
  readonly enter: { readonly write: string; readonly airlock: string; readonly look: string };
}

/** In `open/` while a private sshd stands. No label has this name. */
export const doorFlag = '+door';

/** The HOME that a private sshd sets, so the login shell finds no start-up file of the user's. */
export function emptyHomeIn(folder: string): string {
  return inLease(folder, 'home');
}

/**
 * The gate: `gate LABEL` under sshd, or `2/gate LABEL` and so on for a guest's further keys; `gate LABEL KEY look`
 * inside an airlock; `gate LABEL KEY moved` in place of a guest's tmux client whose access has changed. It registers,
 * then checks: removing the flag first and then ending all registered guests misses nobody.
 *
 * A join that needs the host's yes waits for a word in `ask/RECORD`: `admit`, `view`, `refuse` or `again`. A refusal
 * leaves `refused/RECORD,WHY`. A guest admitted to look only leaves `view/LABEL,PID,START`, and can only look whenever
 * that process passes the gate again.
 */
export function gateScript(context: GateContext): string {
  const { pid, start, boot } = context.supervisor;
  return `#!/bin/sh
# The only program that the guests of pairing ${context.id} can run.
set -fu
PATH=/usr/bin:/bin:/usr/local/bin:\${PATH-}
IFS=' '
unset SSH_ORIGINAL_COMMAND SSH_AUTH_SOCK DISPLAY XAUTHORITY TMUX TMUX_PANE LANGUAGE BASH_ENV ENV CDPATH TERMCAP
umask 077
dir=${shQuote(context.folder)}
# A private sshd's, by which no start-up file of the user's was found (see its SetEnv).
if [ "\${HOME-}" = ${shQuote(emptyHomeIn(context.folder))} ]; then
  HOME=${shQuote(context.home)}
  export HOME
  unset SHLVL ZDOTDIR XDG_CONFIG_HOME
fi
label=\${1-} key=\${2-} mode=\${3-} record=
here=\${0%/*}
if [ -z "$key" ] && [ "$here" = "$dir" ]; then key=1; elif [ -z "$key" ]; then key=\${here##*/}; fi
no() {
  [ -z "$record" ] || [ -z "\${2-}" ] || { true >"$dir/refused/$record,$2"; } 2>/dev/null
  echo "tmuxpair: $1" >&2
  exit 1
}
${started}
${expired}
case $label in ''|*[!A-Za-z0-9_-]*) no 'this is for ssh to run';; esac
case $key in ''|*[!0-9]*) no 'this is for ssh to run';; esac
# An orphan's parent is process 1, which in a container may be the sshd that listens: no connection to be ended.
[ "$PPID" -gt 1 ] && named "$PPID" || no 'the connection is gone'
case $mode:$name in
  :sshd|:sshd-session|:sshd:*|:sshd-session:*) kind=ssh;;
  moved:sshd|moved:sshd-session|moved:sshd:*|moved:sshd-session:*) kind=ssh;;
  look:tmux*) kind=air;;
  *) no 'this is for ssh to run';;
esac
address=\${SSH_CONNECTION-}
address=\${address%% *}
case $address in ''|*[!0-9A-F:.%a-z]*) address=unknown;; esac

started "$PPID" || no 'the connection is gone'
parent=$PPID,$start
started $$ || exit 1
name=$kind,$label,$key,$parent,$$,$start,$address
view=$dir/view/$label,$$,$start
# true: a failing redirection of the special built-in : would end sh without a word.
{ true >"$dir/in/$name"; } 2>/dev/null || no 'this pairing is over'
record=$name
${hasProc ? '# Of a trial login: what the login shell has made of the environment that sshd gave it.\n[ ! -f "$dir/environment" ] || cat /proc/$$/environ >"$dir/environment" 2>/dev/null\n' : ''}
# Sets $access; refuses where the guest may not be in.
check() {
  access=
  { read -r access <"$dir/open/$label"; } 2>/dev/null
  [ -n "$access" ] || no 'this pairing is over' over
  [ ! -e "$view" ] || access=read-only
  expired && no 'time is up' expired
${hasProc ? `  read -r boot </proc/sys/kernel/random/boot_id\n  [ "$boot" = ${shQuote(boot)} ] || no 'this pairing is over' over\n` : ''}  { started ${pid} && [ "$start" = ${shQuote(start)} ]; } || no 'this pairing is over' over
  [ -e "$dir/host" ] || no 'your host is not there yet: try again in a moment' early
}
# shellcheck disable=SC2046 # Into words.
set -- $(ls -ldn "$dir")
case $1:$3 in drwx------:${context.uid}|drwx------[.@]:${context.uid}) ;; *) no 'this pairing is not safe to enter' unsafe;; esac
check

if [ $kind = ssh ]; then
  mine=0 all=0
  set +f
  for other in "$dir"/in/ssh,*; do
    rest=\${other##*/in/ssh,}
    whose=\${rest%%,*} rest=\${rest#*,*,*,*,}
    started "\${rest%%,*}" || continue
    rest=\${rest#*,}
    [ "$start" = "\${rest%%,*}" ] || continue
    all=$((all + 1))
    [ "$whose" != "$label" ] || mine=$((mine + 1))
  done
  set -f
  [ $mine -le ${context.caps.guest} ] || no 'you are in ${context.caps.guest} times already' many
  [ $all -le ${context.caps.pairing} ] || no 'this pairing is full' full
fi
[ -t 0 ] && [ -t 1 ] || no 'there is only a terminal to share here: use ssh without a command, or ssh -t' terminal
if [ $kind = ssh ]; then
  size=$(stty size 2>/dev/null)
  rows=\${size%% *} columns=\${size##* }
  case $rows:$columns in
    *[!0-9:]*|:*|*:|??????????????*) ;;
    *)
      # tmux takes a terminal of no size for one of 80x24.
      [ "$rows" -ne 0 ] || rows=24
      [ "$columns" -ne 0 ] || columns=80
      { [ "$columns" -ge ${smallest.columns} ] && [ "$rows" -ge ${smallest.rows} ]; } || no 'make your window larger: ${smallest.columns}x${smallest.rows} at least' small
      { [ "$columns" -le ${largest.columns} ] && [ "$rows" -le ${largest.rows} ]; } || no 'make your window smaller: ${largest.columns}x${largest.rows} at most' large;;
  esac
fi
if [ "$kind$mode" = ssh ] && [ -e "$dir/approve" ]; then
  { true >"$dir/ask/$record"; } 2>/dev/null || no 'this pairing is over' over
  # Aside: a terminal that takes nothing must not keep this from counting.
  echo 'tmuxpair: waiting for your host to let you in' >&2 &
  waited=0 answer=
  while [ -z "$answer" ]; do
    [ $waited -lt 300 ] || { rm -f "$dir/ask/$record"; no 'your host did not answer' unanswered; }
    waited=$((waited + 1))
    sleep 0.2 2>/dev/null || sleep 1
    check
    { read -r answer <"$dir/ask/$record"; } 2>/dev/null
  done
  rm -f "$dir/ask/$record"
  check # once more: who changes a guest's access looks for those that wait no longer
  case $answer in
    admit) ;;
    view)
      { true >"$view"; } 2>/dev/null || no 'this pairing is over' over
      access=read-only;;
    again) no 'you are asking already: wait for the answer there' asking;;
    *) no 'your host has refused' refused;;
  esac
fi
case \${TERM-} in
  xterm-256color) ;;
  ''|[!A-Za-z0-9]*|*[!A-Za-z0-9._+-]*|?????????????????????????????????*) TERM=xterm-256color;;
  *) infocmp "$TERM" >/dev/null 2>&1 || TERM=xterm-256color;;
esac
export TERM
case $kind:$access in
  ssh:read-write) ${context.enter.write};;
  ssh:read-only) ${context.enter.airlock};;
  air:*) ${context.enter.look};;
esac
no 'this pairing is over'
`;
}

/**
 * `admit KIND COMMAND…` becomes COMMAND, as the leader of a process group that is already in `in/`. Like the gate, it
 * registers, then checks. KIND is `con` or `tun`.
 */
export function admitScript({
  folder,
  supervisor: { pid, start },
}: Pick<GateContext, 'folder' | 'supervisor'>): string {
  return `#!/bin/sh
set -fu
PATH=/usr/bin:/bin:/usr/local/bin:\${PATH-}
dir=${shQuote(folder)}
${started}
${expired}
kind=$1
shift
started $$ || exit 1
record=$dir/in/$kind,,,$$,$start,$$,$start,
{ : >"$record"; } 2>/dev/null || exit 1
if [ -e "$dir/open/${doorFlag}" ] && ! expired && started ${pid} && [ "$start" = ${shQuote(start)} ]; then
  exec "$@"
fi
rm -f "$record"
exit 1
`;
}
