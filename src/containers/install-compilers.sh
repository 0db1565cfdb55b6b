#!/bin/sh
# Installs a compiler and an interpreter's headers into the container that runs this, unless they are there.
#
#     install-compilers.sh apt|dnf|dnf5|yum|zypper PYTHON PACKAGE...
set -eu
manager=$1
python=$2
shift 2

is_complete() {
    for program in gcc g++ make "$python"; do
        command -v "$program" >/dev/null 2>&1 || return 1
    done
    # Not sysconfig.get_paths(), which for Debian's Python 2 tells where extensions of /usr/local would put theirs.
    header='import os, sysconfig; os.stat(os.path.join(sysconfig.get_config_var("INCLUDEPY"), "Python.h"))'
    # Debian packages it apart; pip needs it.
    library='import sys; sys.version_info >= (3, 12) or __import__("distutils.cmd")'
    "$python" -c "$header" >/dev/null 2>&1 && "$python" -c "$library" >/dev/null 2>&1
}

if is_complete; then
    echo 'a compiler and the headers are there'
    exit 0
fi
case $manager in
    apt)
        export DEBIAN_FRONTEND=noninteractive
        apt-get update
        apt-get install --yes --no-install-recommends "$@"
        ;;
    zypper) zypper --non-interactive install --no-recommends "$@" ;;
    *) "$manager" install -y "$@" ;;
esac
is_complete || { echo "the packages were installed, and still $python has no compiler or headers"; exit 1; }
