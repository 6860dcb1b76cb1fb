/** Text that several of a lease's scripts begin with. */
import { hasProc } from './process.ts';

export const started = hasProc
  ? `# started PID: sets $start to when PID started; fails unless PID runs
started() {
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086 # Into its fields.
  set -- \${stat##*\\) }
  case \${1-Z} in Z|X) return 1;; esac
  start=\${20-}
}
named() { { read -r name <"/proc/$1/comm"; } 2>/dev/null; }
# staffed GROUP: whether that process group, which has lost its leader, has an ssh or sshd left
staffed() {
  kill -s 0 -- "-$1" 2>/dev/null || return 1
  group=$1
  for stat in /proc/[0-9]*/stat; do
    { read -r stat <"$stat"; } 2>/dev/null || continue
    name=\${stat#*\\(} name=\${name%\\)*}
    # shellcheck disable=SC2086 # Into its fields.
    set -- \${stat##*\\) }
    case $3:$1:$name in $group:[!ZX]:ssh|$group:[!ZX]:sshd*) return 0;; esac
  done
  return 1
}
`
  : `started() {
  # shellcheck disable=SC2046 # Into words.
  set -- $(LC_ALL=C TZ=UTC0 ps -o state= -o lstart= -p "$1" 2>/dev/null)
  case \${1-Z} in Z*) return 1;; esac
  start=\${2-}_\${3-}_\${4-}_\${5-}_\${6-}
}
# A path, or what a program calls itself, as "sshd: ada@ttys001".
named() {
  name=$(ps -ww -o comm= -p "$1" 2>/dev/null) || return 1
  case $name in [/.]*) name=\${name##*/};; esac
}
# staffed GROUP: whether that process group, which has lost its leader, has an ssh or sshd left
staffed() {
  kill -s 0 -- "-$1" 2>/dev/null || return 1
  ps -A -ww -o pgid= -o state= -o comm= | {
    while read -r group state command; do
      case $command in [/.]*) command=\${command##*/};; esac
      case $group:$state:$command in $1:[!Z]*:ssh|$1:[!Z]*:sshd*) exit 0;; esac
    done
    exit 1
  }
}
`;

/**
 * On macOS `{ sec = 1794000000, usec = 0 } Sat …`, which moves with the wall clock. Without it, the wall clock has to
 * do.
 */
const bootTime = `  boot=$(sysctl -n kern.boottime 2>/dev/null) boot=\${boot#*sec = } boot=\${boot%%,*}
  case $boot in ''|*[!0-9]*) ;; *) [ $((now - boot)) -lt "$sinceboot" ] || return 0;; esac
`;

export const expired = `# expired: whether the deadline has passed, by the wall clock or by the time since boot
expired() {
  { read -r epoch sinceboot <"$dir/deadline"; } 2>/dev/null || return 0
  now=$(date +%s) || return 0
  [ "$now" -lt "$epoch" ] || return 0
${hasProc ? '  read -r up rest </proc/uptime || return 0\n  [ "${up%%.*}" -lt "$sinceboot" ] || return 0\n' : bootTime}  return 1
}
`;

/** The same by the time since boot alone, for frequent checks: no fork, and the one clock that nobody sets. */
export const isUp = `expired() {
  { read -r _ sinceboot <"$dir/deadline"; } 2>/dev/null || return 0
  read -r up rest </proc/uptime || return 0
  [ "\${up%%.*}" -lt "$sinceboot" ] || return 0
  return 1
}
`;
