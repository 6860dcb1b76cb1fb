#!/usr/bin/env bash
# Does what the README's "Try it on yourself" says: COMMAND in a terminal, and a guest in a second one. Must be run in
# the checkout. Exits 1, with what both saw, if the guest does not get in, or is not put out by the host's detach.
# usage: try.sh COMMAND
set -euo pipefail

seen=$(mktemp -d)
mkfifo "$seen/host.keys" "$seen/guest.keys"
list() { node dist/main.js list --json; }

# terminal NAME COMMAND: runs it in a terminal that types what is written to the file descriptor of its keys.
terminal() {
  script -qefc "stty cols 120 rows 40; $2" "$seen/$1" <"$seen/$1.keys" >/dev/null &
}

# wait_for SECONDS WHAT COMMAND…
wait_for() {
  local patience=$1 what=$2 since=$SECONDS
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ $((SECONDS - since)) -ge "$patience" ] || ! kill -0 "$host" 2>/dev/null; then give_up "waited for $what"; fi
    sleep 0.5
  done
}

give_up() {
  echo "try: $1"
  for one in host guest; do echo "--- $one:"; tail -c 4000 "$seen/$one" 2>/dev/null || true; done
  kill "$host" 2>/dev/null || true
  exit 1
}

ssh_line() { list | node -p 'JSON.parse(require("fs").readFileSync(0)).pairings[0].sshCommand'; }

terminal host "$1"
host=$!
exec 3>"$seen/host.keys"
wait_for 1800 'the pairing' ssh_line

line=$(ssh_line | sed 's/^ssh /ssh -i guest -o StrictHostKeyChecking=accept-new /; s/@[^ ]*/@localhost/')
terminal guest "$line"
guest=$!
exec 4>"$seen/guest.keys"
wait_for 60 "the guest's screen" grep -qF '[pair]' "$seen/guest"
# shellcheck disable=SC2016 # for the shell that is shared
printf 'echo guest-$((20+1))\r' >&4
wait_for 60 'what the guest typed' grep -qF guest-21 "$seen/host"

printf '\002d' >&3
wait "$host" || give_up "the command ended with $?"
wait "$guest" || true
grep -q 'access is revoked' "$seen/host" || give_up 'nothing says that access is revoked'
[ "$(list)" = '{"pairings":[]}' ] || give_up 'the pairing is still listed'
echo 'try: the guest was in, and is out'
rm -r "$seen"
