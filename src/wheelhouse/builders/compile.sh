#!/bin/sh
# Runs a command inside of a build container, with compilers that cannot be told to compile for this machine's processor.
#
#     compile.sh PYTHON WHEEL PROGRAM ARGUMENT...
#
# WHEEL, pip's, is unpacked before: a pip that still runs on Python 2 builds nothing while it is in an archive.
set -eu
umask 022
work=/tmp/coachbuilder
python=$1
wheel=$2
shift 2
mkdir -p "$work/bin" "$work/home" "$work/tmp"
machine=$(uname -m)
for name in cc gcc c++ g++ clang clang++ "$machine-linux-gnu-gcc" "$machine-linux-gnu-g++"; do
    if command -v "$name" >/dev/null 2>&1; then
        ln -s /coachbuilder/compiler.sh "$work/bin/$name"
    fi
done
export PATH="$work/bin:$PATH" HOME="$work/home" TMPDIR="$work/tmp"
cd "$work"
"$python" -m zipfile -e "$wheel" "$work/pip"
exec "$@"
