#!/usr/bin/env bash
# Writes the PublicApi.txt of every package anew, after an intended change of a public API. Look at the difference before you commit it.
set -e
cd "$(dirname "$0")/.."
export UPDATE_PUBLIC_API=1
for project in tests/Gateway.Client.Tests tests/Gateway.Tests; do
  dotnet test "$project" --nologo -v quiet --filter "FullyQualifiedName~PublicApi"
done
git --no-pager diff --stat -- '*PublicApi.txt'
