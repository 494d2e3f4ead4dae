#!/usr/bin/env bash
# Formats the code as .editorconfig says: blanks, line ends, the order of the usings. The build checks the other rules.
#   --check   changes nothing, and fails where something would change, or a line is longer than 140 columns
cd "$(dirname "$0")/.." || exit 1
case ${1-} in
  --check) check=--verify-no-changes ;;
  '') check= ;;
  *) printf 'unknown option %s; known: --check\n' "$1" >&2; exit 2 ;;
esac
dotnet format whitespace . --folder $check --verbosity quiet &&
  dotnet format style Gateway.sln --no-restore --diagnostics IMPORTS $check --verbosity quiet
status=$?
[ -n "$check" ] || exit "$status"

# The formatter does not break lines.
long=$(LC_ALL=C.UTF-8 grep -rnP '^.{141,}' --include='*.cs' --exclude-dir={bin,obj,node_modules} \
  server clients tests examples | cut -c1-120)
[ -z "$long" ] && exit "$status"
printf 'lines over 140 columns:\n%s\n' "$long"
exit 1
