#!/bin/sh
# shellcheck disable=SC2086
exec $ZIG ar "$@"
