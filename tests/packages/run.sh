#!/usr/bin/env bash
# Packs every package, installs each from its file into fresh projects outside of the repository, and runs them.
# Needs what tests/run.sh installs and builds: the packages of tests/js, tests/browser and clients/js, and the page in clients/dashboard.
cd "$(dirname "$0")" && exec npm test --silent
