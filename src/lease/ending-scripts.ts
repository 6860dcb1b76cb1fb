/** The scripts that end access, as text (see scripts.ts). */
import { shQuote } from '../domain/sh-word.ts';
import { hasProc, type ProcessIdentity } from './process.ts';
import { expired, isUp, started } from './script-parts.ts';

/**
 * `sever [LABEL]`: shuts the gate for all guests or for one, and ends their processes and connections until none is
 * left. It asks a guest's tmux client to go first, since that leaves their terminal in order. After 60 ms it ends what
 * is left, connections included, and after 500 ms it kills. Exits 1 if any is left after 5 s.
 */
export function severScript(folder: string): string {
  return `#!/bin/sh
set -fu
PATH=/usr/bin:/bin:/usr/local/bin:\${PATH-}
dir=${shQuote(folder)}
only=\${1-}
${started}
# gone PID START SIGNAL: whether that process has ended; else it gets the signal, if one is named
gone() {
  started "$1" && [ "$start" = "$2" ] || return 0
  left=1
  [ -z "$3" ] || kill -s "$3" "$1" 2>/dev/null
  return 1
}
# emptied GROUP START SIGNAL: the same for a process group, named by its leader
emptied() {
  if started "$1"; then [ "$start" = "$2" ] || return 0
  else staffed "$1" || return 0
  fi
  left=1
  [ -z "$3" ] || kill -s "$3" -- "-$1" 2>/dev/null
  return 1
}
set +f
if [ -n "$only" ]; then rm -f "$dir/open/$only"; else rm -f "$dir"/open/*; fi
round=0
while :; do
  left=0
  if [ $round -ge 25 ]; then client=KILL connection=KILL
  elif [ $round -ge 3 ]; then client=TERM connection=TERM
  elif [ $round -eq 0 ]; then client=TERM connection=
  else client= connection=; fi
  for record in "$dir"/in/*; do
    case $record in
      */in/ssh,"$only"*|*/in/air,"$only"*|*/in/con,"$only"*|*/in/tun,"$only"*) ;;
      *) continue;;
    esac
    rest=\${record##*/in/}
    kind=\${rest%%,*} rest=\${rest#*,}
    label=\${rest%%,*} rest=\${rest#*,*,}
    [ -z "$only" ] || [ "$label" = "$only" ] || continue
    parent=\${rest%%,*} rest=\${rest#*,}
    parentstart=\${rest%%,*} rest=\${rest#*,}
    pid=\${rest%%,*} rest=\${rest#*,}
    pidstart=\${rest%%,*}
    ended=1
    case $kind in
      con|tun) emptied "$pid" "$pidstart" "$connection" || ended=0;;
      *)
        gone "$pid" "$pidstart" "$client" || ended=0
        gone "$parent" "$parentstart" "$connection" || ended=0;;
    esac
    [ $ended = 0 ] || rm -f "$record" "$dir/air/$pid"
  done
  [ $left = 1 ] || exit 0
  round=$((round + 1))
  [ $round -lt 250 ] || exit 1
  sleep 0.02 2>/dev/null || sleep 1
done
`;
}

/**
 * The second clock and the second dead man's switch, run by the room's tmux server as long as the lease stands: the
 * first of each may be stopped or killed. It checks every second whether time is up or the supervisor is gone. If so,
 * it shuts the gate and ends the guests, waits for the first to take the lines back, and sweeps if none does.
 */
export function clockScript(
  folder: string,
  { pid, start }: ProcessIdentity,
  sweep: readonly string[],
): string {
  return `#!/bin/sh
set -fu
PATH=/usr/bin:/bin:/usr/local/bin:\${PATH-}
dir=${shQuote(folder)}
${started}
${hasProc ? isUp : expired}
supervised() { started ${pid} && [ "$start" = ${shQuote(start)} ]; }
# So that the supervisor can tell whether this runs.
{ started $$ && echo "$$ $start" >"$dir/ticking"; } 2>/dev/null
while [ -d "$dir" ] && ! expired && supervised; do sleep 1; done
[ -d "$dir" ] || exit 0
/bin/sh "$dir/sever" >/dev/null 2>&1
patience=1
! supervised || patience=5
while [ -d "$dir" ] && [ $patience -gt 0 ]; do sleep 1; patience=$((patience - 1)); done
[ ! -d "$dir" ] || ${sweep.map(shQuote).join(' ')} >/dev/null 2>&1
exit 0
`;
}

/**
 * The dead man's switch: waits on a pipe whose other end only the supervisor has. `done` is a clean end. An end of file
 * without it means that the supervisor is gone, for whatever reason.
 */
export function switchScript(folder: string, sweep: readonly string[]): string {
  return `#!/bin/sh
trap '' HUP INT TERM
read -r word
[ "$word" = "done" ] && exit 0
/bin/sh ${shQuote(`${folder}/sever`)} >/dev/null 2>&1
exec ${sweep.map(shQuote).join(' ')} >/dev/null 2>&1
`;
}
