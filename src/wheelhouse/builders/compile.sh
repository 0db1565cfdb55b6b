#!/bin/sh
# Runs a command inside of a build container, with compilers that cannot be told to compile for this machine's processor.
#
#     compile.sh PROGRAM ARGUMENT...
set -eu
umask 022
work=/tmp/coachbuilder
mkdir -p "$work/bin" "$work/home" "$work/tmp"
machine=$(uname -m)
for name in cc gcc c++ g++ clang clang++ "$machine-linux-gnu-gcc" "$machine-linux-gnu-g++"; do
    if command -v "$name" >/dev/null 2>&1; then
        ln -s /coachbuilder/compiler.sh "$work/bin/$name"
    fi
done
export PATH="$work/bin:$PATH" HOME="$work/home" TMPDIR="$work/tmp"
cd "$work"
exec "$@"
