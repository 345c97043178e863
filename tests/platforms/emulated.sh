#!/bin/sh
# Runs a program of another processor: emulated.sh aarch64|s390x PROGRAM ARGUMENT...
processor=$1
shift
exec "qemu-$processor" -L "/usr/$processor-linux-gnu" "$@"
