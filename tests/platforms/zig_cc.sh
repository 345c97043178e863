#!/bin/sh
# C compiler and linker for musl: `zig cc` of the package ziglang, without the arguments of rustc and cc that it does not know.
#
#   ZIG="python3 -m ziglang" ZIG_TARGET=x86_64-linux-musl zig_cc.sh ARGUMENT...
set -eu
for argument do
    shift
    case $argument in
        --target=* | -Wl,--eh-frame-hdr | -Wl,-Bstatic | -Wl,-Bdynamic | -lgcc_eh | -lgcc_s | -lgcc) ;;
        # Zig brings its own of these.
        -lunwind | -lc) ;;
        *) set -- "$@" "$argument" ;;
    esac
done
# shellcheck disable=SC2086
exec $ZIG cc -target "$ZIG_TARGET" -fno-sanitize=undefined "$@" -lunwind
