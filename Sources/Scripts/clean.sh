#!/usr/bin/env bash
# Stops what runs from this clone's data, then removes that data and the builds.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

"$scripts/cluster.sh" down
rm -rf "$data" "$repository/.build"
