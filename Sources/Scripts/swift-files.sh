#!/usr/bin/env bash
# Prints the hand-written Swift files, each ended by a NUL byte.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

cd "$repository"
find Package.swift Sources Tests -name '*.swift' -not -path '*/Generated/*' -print0 | LC_ALL=C sort --zero-terminated
