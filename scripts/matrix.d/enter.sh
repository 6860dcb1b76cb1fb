# shellcheck shell=bash disable=SC2154,SC2034,SC2016 # variables of the script that sources this
# Namespaces: runs a command in a file tree of its own, as on another machine. Sourced by ../matrix, which sets
# $lib, $runs and `say`.

# enter LAYERS UPPER COMMAND…: LAYERS are folders, the topmost first, joined by colons. They stay as they are: what
# the command writes goes to UPPER. With an empty UPPER it goes into the one layer.
# The network is one of its own: loopback, and a way out for apt and npm that changes nothing on this machine.
enter() {
  local layers=$1 upper=$2 holder slirp ready=$run/network code=0
  shift 2
  rm -rf "${run:?}/mnt" "$run/work"
  mkdir -p "$run/mnt" "$run/work"
  unshare --net sleep infinity &
  holder=$!
  until [ "$(readlink "/proc/$holder/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
  rm -f "$ready"
  slirp4netns --configure --mtu=65520 --disable-host-loopback --ready-fd=3 "$holder" tap0 \
    3>"$ready" >"$run/network.log" 2>&1 &
  slirp=$!
  until [ -s "$ready" ]; do
    kill -0 "$slirp" 2>/dev/null || { cat "$run/network.log" >&2; kill "$holder"; return 1; }
    sleep 0.05
  done
  nsenter --net="/proc/$holder/ns/net" \
    unshare --mount --pid --uts --ipc --fork --kill-child=KILL --propagation private \
    env -i TERM="${TERM:-dumb}" PATH="$PATH" \
    bash "$lib/inside.sh" "$layers" "$upper" "$run" "$@" || code=$?
  kill "$slirp" "$holder" 2>/dev/null || true
  wait "$slirp" "$holder" 2>/dev/null || true
  rm -rf "$run/work"
  return "$code"
}
