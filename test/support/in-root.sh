#!/bin/sh
# Runs a command with a root's /proc and /dev in place, in a mount and process namespace of its own: whatever was mounted
# or started is gone when the command ends.
#
#     in-root.sh enter ROOT COMMAND...    COMMAND runs inside ROOT
#     in-root.sh beside ROOT COMMAND...   COMMAND is a program of this machine that works on ROOT, such as rpm --root
set -eu
how=$1
root=$(readlink -f "$2")
shift 2
case $how in
    enter) set -- chroot "$root" "$@" ;;
    beside) ;;
    *) echo "in-root.sh: unknown way: $how" >&2; exit 64 ;;
esac
# rpm 4.20 and later insist that a root is a mount point, hence the bind mount on itself.
# shellcheck disable=SC2016 # the inner shell expands these
exec unshare --mount --pid --fork --kill-child --propagation private sh -c '
    root=$1
    shift
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    exec "$@"
' sh "$root" "$@"
