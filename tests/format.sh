#!/usr/bin/env bash
# Formats the code as .editorconfig says: blanks, line ends, the order of the usings. The build checks the other rules.
#   --check   changes nothing, and fails where something would change
cd "$(dirname "$0")/.." || exit 1
case ${1-} in
  --check) check=--verify-no-changes ;;
  '') check= ;;
  *) printf 'unknown option %s; known: --check\n' "$1" >&2; exit 2 ;;
esac
dotnet format whitespace . --folder $check --verbosity quiet &&
  dotnet format style Gateway.sln --no-restore --diagnostics IMPORTS $check --verbosity quiet
