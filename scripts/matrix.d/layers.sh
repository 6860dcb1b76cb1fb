# shellcheck shell=bash disable=SC2154,SC2034,SC2016 # variables of the script that sources this
# The two layers that are kept in $cache: a release with nothing but git, Node, npm and certificates, and what the
# README's set-up and `npm ci` put over it. Sourced by ../matrix.

# need PACKAGE COMMAND: installs it on this machine if the command is missing.
need() {
  command -v "$2" >/dev/null && return
  say "installing $1 on this machine"
  DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "$1" >&2
}

# base RELEASE: makes the pristine layer unless it is there.
base() {
  local release=$1 dir=$cache/base/$1 script=/usr/share/debootstrap/scripts/$1
  [ -d "$dir" ] && return
  # Releases that this machine's debootstrap is too old to know are made as the newest one.
  [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
  say "$release: making the base"
  rm -rf "$dir.new"
  mkdir -p "$dir.new"
  debootstrap --variant=minbase "$release" "$dir.new" "$(machine_mirror)" "$script" >"$run/base.log" 2>&1 ||
    { tail -20 "$run/base.log" >&2; return 1; }
  # Mirrors are often snapshots, whose indexes of releases that still move expire after a week.
  {
    machine_apt
    case $release in forky | sid | testing | unstable) echo 'Acquire::Check-Valid-Until "false";' ;; esac
  } >"$dir.new/etc/apt/apt.conf.d/50machine"
  # Nobody minds if a chroot is lost with the power, and installing takes half the time.
  echo force-unsafe-io >"$dir.new/etc/dpkg/dpkg.cfg.d/50machine"
  enter "$dir.new" '' bash -c '
    set -e
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update
    apt-get -q -y install --no-install-recommends git ca-certificates
    version=$(apt-cache policy nodejs | sed -n "s/^ *Candidate: *\([0-9]*\).*/\1/p")
    [ "${version:-0}" -lt 20 ] || apt-get -q -y install --no-install-recommends nodejs npm
    apt-get clean
  ' >"$run/base.log" 2>&1 || { tail -20 "$run/base.log" >&2; return 1; }
  [ -x "$dir.new/usr/bin/node" ] || node_of_this_machine "$dir.new"
  date +%s >"$cache/base/$release.made"
  mv "$dir.new" "$dir"
}

# node_of_this_machine ROOT: puts this machine's Node and npm there.
node_of_this_machine() {
  local node npm
  if ! command -v npm >/dev/null || [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
    say 'this release has no Node 20, and this machine has none to lend it'
    return 1
  fi
  node=$(node -p process.execPath)
  npm=$(dirname "$(dirname "$(realpath "$(command -v npm)")")")
  cp "$node" "$1/usr/local/bin/node"
  mkdir -p "$1/usr/local/lib/node_modules"
  cp -R "$npm" "$1/usr/local/lib/node_modules/npm"
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$1/usr/local/bin/npm"
  ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$1/usr/local/bin/npx"
  chroot "$1" node -e 0 || { say "this machine's Node does not run on this release"; return 1; }
}

# ready RELEASE: makes the layer with everything installed unless it is there; sets $layers, the topmost first. What
# the set-up has come to want since is installed over it by each run, until it is made anew.
ready() {
  local release=$1 key dir
  key=$(cat "$tree/package-lock.json" "$cache/base/$release.made" | sha256sum | cut -c1-12)
  dir=$cache/ready/$release-$key
  if [ ! -d "$dir" ]; then
    say "$release: installing what the tests need"
    rm -rf "$dir.new"
    mkdir -p "$dir.new/srv"
    cp "$run/tree.bundle" "$dir.new/srv/"
    enter "$cache/base/$release" "$dir.new" bash -c '
      set -e
      git clone -q /srv/tree.bundle tmuxpair
      (cd tmuxpair && sh .ci/setup tests && npm ci)
      useradd -m -s /bin/bash ada
      cp -R tmuxpair /home/ada/
      chown -R ada: /home/ada
      apt-get clean
      rm -rf .npm
    ' >"$run/ready.log" 2>&1 || { tail -20 "$run/ready.log" >&2; return 1; }
    mv "$dir.new" "$dir"
  fi
  # Another run may be on an older one.
  touch "$dir"
  find "$cache/ready" -maxdepth 1 -name "$release-*" -mtime +7 -exec rm -rf --one-file-system {} +
  layers=$dir:$cache/base/$release
}
