#!/bin/sh
# Stands before every compiler of a build container and takes `native` away from it: what the processor of the build
# machine can do says nothing about the processors that packages are installed on.
for argument do
    shift
    case $argument in
        -march=native | -mcpu=native | -mtune=native) ;;
        *) set -- "$@" "$argument" ;;
    esac
done
# Without our own directory, wherever it is on the PATH by now.
PATH=${PATH%%/tmp/coachbuilder/bin:*}${PATH#*/tmp/coachbuilder/bin:}
exec "${0##*/}" "$@"
