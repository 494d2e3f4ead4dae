#!/usr/bin/env bash
# Runs every test: installs what is missing where it may, builds, runs the .NET and the JavaScript tests, and ends with one line
# "N passed, N failed". Exits non-zero on any failure, and when a tool is missing that it may not install.
set -uo pipefail
cd "$(dirname "$0")/.."

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
passed=0
failed=0

say() { printf '\n== %s\n' "$*"; }
give_up() { printf '\n%s\n' "$*" >&2; printf '0 passed, 1 failed\n'; exit 1; }

say "Tools: .NET SDK 10, Node.js 20 or later, redis-server"
dotnet --version 2>/dev/null | grep -q '^10\.' || give_up "The .NET SDK 10 is missing: https://dotnet.microsoft.com/download"
node --version 2>/dev/null | grep -Eq '^v(2[0-9]|[3-9][0-9])\.' || give_up "Node.js 20 or later is missing: https://nodejs.org"
if ! command -v redis-server >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "redis-server is missing: installing Debian's package"
    apt-get update -qq >"$results/apt.log" 2>&1
    # RUNLEVEL=1 keeps the package from starting a service: the tests start servers of their own.
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server >>"$results/apt.log" 2>&1 || cat "$results/apt.log"
  fi
  command -v redis-server >/dev/null || give_up "redis-server is missing: install it (Debian and Ubuntu: apt-get install redis-server)"
fi

say "Packages of the JavaScript tests"
for folder in tests/js clients/examples; do
  [ -f "$folder/package-lock.json" ] || continue
  (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error) || give_up "npm ci failed in $folder"
done

say "Build"
dotnet build Gateway.sln -c Release --nologo -v quiet -clp:ErrorsOnly || give_up "The build failed."

# One TRX file for each test project says how many ran. A run that left none, or in which none ran, counts as a failure.
count_trx() {
  local suite=$1 file=$2
  if [ ! -f "$file" ]; then echo "$suite: no result was written"; failed=$((failed + 1)); return; fi
  local counters p f t
  counters=$(grep -o '<Counters [^>]*>' "$file")
  t=$(sed -E 's/.* total="([0-9]+)".*/\1/' <<<"$counters")
  p=$(sed -E 's/.* passed="([0-9]+)".*/\1/' <<<"$counters")
  f=$((t - p))
  [ "$t" -gt 0 ] || f=1
  printf '%s: %d passed, %d failed\n' "$suite" "$p" "$f"
  passed=$((passed + p)); failed=$((failed + f))
}

for project in tests/*.Tests tests/*.IntegrationTests; do
  suite=$(basename "$project")
  say "$suite"
  timeout --kill-after=20 420 dotnet test "$project" -c Release --no-build --nologo -v quiet \
    --logger "trx;LogFileName=$suite.trx" --logger "console;verbosity=quiet" --results-directory "$results" 2>&1 | grep -v '^\s*at \|^$\|^Test run for\|^A total of'
  status=${PIPESTATUS[0]}
  before=$failed
  count_trx "$suite" "$results/$suite.trx"
  if [ "$status" -ne 0 ] && [ "$failed" = "$before" ]; then echo "$suite: the runner ended with $status"; failed=$((failed + 1)); fi
done

say "JavaScript"
(cd tests/js && timeout --kill-after=20 240 npm test --silent -- --test-reporter=tap >"$results/js.tap" 2>&1)
status=$?
p=$(sed -nE 's/^# pass ([0-9]+)$/\1/p' "$results/js.tap"); t=$(sed -nE 's/^# tests ([0-9]+)$/\1/p' "$results/js.tap")
p=${p:-0}; t=${t:-0}; f=$((t - p))
if [ "$status" -ne 0 ] || [ "$t" = 0 ]; then
  [ "$f" -gt 0 ] || f=1
  grep -A18 '^ *not ok' "$results/js.tap" || tail -40 "$results/js.tap"
fi
printf 'JavaScript: %d passed, %d failed\n' "$p" "$f"
passed=$((passed + p)); failed=$((failed + f))

printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
