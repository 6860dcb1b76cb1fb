#!/usr/bin/env bash
# The first process of the namespaces: mounts LAYERS with UPPER over them and what a machine has besides, makes that
# the root, and runs COMMAND there. See enter.sh.
# usage: inside.sh LAYERS UPPER RUN COMMAND…
set -euo pipefail

layers=$1 upper=$2 run=$3
shift 3
root=$run/mnt

if [ -n "$upper" ]; then
  mkdir -p "$upper"
  mount -t overlay overlay -o "lowerdir=$layers,upperdir=$upper,workdir=$run/work" "$root"
else
  mount --bind "$layers" "$root"
fi

mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir -m 1777 "$root/run/lock"
cp -R "$run/machine" "$root/run/machine"

dev=$root/dev
mount -t tmpfs -o nosuid,mode=755 tmpfs "$dev"
node() { mknod -m 666 "$dev/$1" c "$2" "$3"; }
node null 1 3
node zero 1 5
node full 1 7
node random 1 8
node urandom 1 9
node tty 5 0
mkdir "$dev/pts" "$dev/net" "$dev/shm"
node net/tun 10 200
# A plain user's sshd can make a terminal only if gid=5 hands it to the group tty.
mount -t devpts -o newinstance,ptmxmode=0666,gid=5,mode=620 devpts "$dev/pts"
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs "$dev/shm"
ln -s pts/ptmx "$dev/ptmx"
ln -s /proc/self/fd "$dev/fd"
for fd in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${fd%%:*}" "$dev/${fd#*:}"; done

# Accounts that are made here get uids that this machine hardly has: the tests of both look for processes by uid.
uids=$((20000 + RANDOM % 39 * 1000))
[ -z "$upper" ] || sed -i "s/^\([UG]ID_MIN\).*/\1 $uids/" "$root/etc/login.defs"

name=workbench
hostname "$name"
printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\n::1\tlocalhost\n' "$name" >"$root/etc/hosts"
echo "$name" >"$root/etc/hostname"
# Where the way out answers for this machine's own name servers.
rm -f "$root/etc/resolv.conf"
echo 'nameserver 10.0.2.3' >"$root/etc/resolv.conf"

# `chroot` alone would be left by `nsenter --mount`.
mkdir -p "$root/.old"
cd "$root"
pivot_root . .old
umount -l /.old
rmdir /.old

export HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
set -a
# shellcheck source=/dev/null
. /run/machine/environment
set +a
cd /root
# Process 1 has to outlive the command: what loses its parent is reaped by it. Hence no exec.
if [ -t 0 ]; then
  script -qec "$(printf '%q ' "$@")" /dev/null
else
  bash -c '"$@"; exit $?' sh "$@"
fi
exit $?
