#!/bin/sh
# Runs a program for Windows: wine.sh PROGRAM ARGUMENT...
export WINEDEBUG=-all WINEPREFIX="${WINEPREFIX:?where Wine keeps its files}"
unset DISPLAY
exec "${WINE:-wine}" "$@"
