#!/usr/bin/env bash
# shellcheck disable=SC2016 # expanded by the shell of who it is run as
# Follows the README in a fresh chroot, as root or as a plain user for whom root installs what the set-up asks for.
# Writes to /result: releases of OpenSSH, tmux and Node, then what came of it.
# usage: follow.sh root|ada TRY TEST   the last two being the README's commands, TEST empty where only TRY is to be run
set -euo pipefail
user=$1 try=$2 test=$3

if [ "$user" = root ]; then
  home=/root
  as() { bash -c "$@"; }
else
  # By hand: on a machine that has an account, nothing needed to be installed for it.
  home=/home/$user
  id=$(sed -n 's/^UID_MIN *//p' /etc/login.defs)
  echo "$user:x:$id:$id::$home:/bin/bash" >>/etc/passwd
  echo "$user:x:$id:" >>/etc/group
  echo "$user:*:20000:0:99999:7:::" >>/etc/shadow
  mkdir -p /home
  cp -R /etc/skel "$home"
  chown -R "$user": "$home"
  as() { runuser -u "$user" -- env HOME="$home" USER="$user" LOGNAME="$user" bash -c "$@"; }
fi

outcome() {
  {
    ssh -V 2>&1 | sed 's/^OpenSSH_\([^ ,]*\).*/\1/'
    tmux -V | sed 's/^tmux //'
    node -v
    echo "$1"
  } >/result
  exit
}

cd "$home"
as 'git clone -q /srv/tree.bundle tmuxpair'
cd tmuxpair

if [ "$user" != root ]; then
  said=$(as 'sh .ci/setup tests' 2>&1) || true
  hint=$(printf '%s\n' "$said" | sed -n 's/^setup: hint: as root: //p')
  echo "as root: $hint"
  apt-get -q update
  DEBIAN_FRONTEND=noninteractive bash -c "${hint/install/install -q -y --no-install-recommends}"
fi

echo "$user: $try"
if ! as 'exec bash scripts/matrix.d/try.sh "$1"' try "$try" | tee /try.log; then
  # A tmux that is too old has to be named as such; there is nothing more to try then.
  refused=$(grep -ao 'error: tmux [^ ]* is too old' /try.log | head -1) || outcome 'the first command fails'
  outcome "refused: ${refused#error: }"
fi

[ -n "$test" ] || outcome 'a pairing'
echo "$user: $test"
code=0
as "$test" || code=$?
counts=$(as 'node .ci/summary.mjs .vitest/report.json "$1"' summary "$code" | tail -1) || true
[ "$code" -eq 0 ] || counts="$counts (exit $code)"
outcome "$counts"
