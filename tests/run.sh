#!/usr/bin/env bash
# Runs every test: installs what is missing where it may, builds, runs the .NET and the JavaScript tests, and ends with one line
# "N passed, N failed". Exits non-zero on any failure, and when a tool is missing that it may not install.
#   --long   adds the outages that take minutes to the chaos tests (GATEWAY_TESTS_LONG=1)
set -uo pipefail
cd "$(dirname "$0")/.."

results=$(mktemp -d)
group=
passed=0
failed=0

chaos_seconds=600
for option in "$@"; do
  case $option in
    --long) export GATEWAY_TESTS_LONG=1; chaos_seconds=1200 ;;
    *) printf 'unknown option %s; known: --long\n' "$option" >&2; exit 2 ;;
  esac
done

say() { printf '\n== %s\n' "$*"; }
give_up() { printf '\n%s\n' "$*" >&2; printf '0 passed, 1 failed\n'; exit 1; }

# Ends what a suite that hung or crashed left behind. Each suite is a process group of its own: nobody else's processes are in it.
end_group() { [ -z "$group" ] || kill -KILL -- "-$group" 2>/dev/null; group=; }
trap 'end_group; rm -rf "$results"' EXIT
trap 'exit 130' INT TERM

# If this run is killed, what it has started ends too.
mark=$$-$(date +%s%N)
setsid bash tests/reap.sh $$ "$mark" >/dev/null 2>&1 </dev/null &
disown
export TEST_RUN=$mark

# bounded SECONDS LOG COMMAND...: runs it in a process group of its own, which `timeout` makes.
bounded() {
  timeout --kill-after=20 "$1" "${@:3}" >"$2" 2>&1 &
  group=$!
  wait "$group"
  local status=$?
  [ "$status" -ne 124 ] || echo "not done after $1 s: ended" >>"$2"
  end_group
  return "$status"
}

cat <<'PLAN'
This will
  1. look for the .NET SDK 10, Node.js 20 or later, redis-server, nginx and Chromium; as root it installs the last three with apt-get where they are missing
  2. install the npm packages of tests/js, tests/browser, clients/examples and clients/js into their node_modules
  3. build Gateway.sln (Release), and with it the page of clients/dashboard
  4. run the .NET test projects, the JavaScript tests, those in a browser and those of the packages, which start gateways, redis-servers and an nginx of their own on free ports
  5. end with one line: N passed, N failed
PLAN

say "Tools: .NET SDK 10, Node.js 20 or later, redis-server, nginx, Chromium"
dotnet --version 2>/dev/null | grep -q '^10\.' || give_up "The .NET SDK 10 is missing: https://dotnet.microsoft.com/download"
node --version 2>/dev/null | grep -Eq '^v(2[0-9]|[3-9][0-9])\.' || give_up "Node.js 20 or later is missing: https://nodejs.org"
# install_package NAME: Debian's package, where that may be done.
install_package() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return
  echo "$1 is missing: installing Debian's package"
  timeout 300 apt-get update -qq >"$results/apt.log" 2>&1
  # RUNLEVEL=1 keeps the package from starting a service: the tests start servers of their own.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive timeout 600 apt-get install -y -qq --no-install-recommends "$1" >>"$results/apt.log" 2>&1 || cat "$results/apt.log"
}
has_browser() { [ -x "${CHROMIUM:-}" ] || [ -x /usr/bin/chromium ] || [ -x /usr/bin/chromium-browser ] || [ -x /usr/bin/google-chrome ]; }
has_nginx() { command -v nginx >/dev/null || [ -x /usr/sbin/nginx ]; }
command -v redis-server >/dev/null || install_package redis-server
command -v redis-server >/dev/null || give_up "redis-server is missing: install it (Debian and Ubuntu: apt-get install redis-server)"
has_nginx || install_package nginx-light
has_nginx || give_up "nginx is missing: install it (Debian and Ubuntu: apt-get install nginx-light)"
has_browser || install_package chromium
has_browser || give_up "Chromium is missing: install it (Debian: apt-get install chromium), or name it in CHROMIUM"

say "Packages of the JavaScript tests"
for folder in tests/js tests/browser clients/examples clients/js; do
  [ -f "$folder/package-lock.json" ] || continue
  (cd "$folder" && timeout 300 npm ci --no-audit --no-fund --loglevel=error) || give_up "npm ci failed in $folder"
done

# What gateways tell anybody in these tests is kept here, and searched for secrets at the end.
export TOLD_FOLDER="$results/told"
mkdir "$TOLD_FOLDER"

say "Build"
timeout 900 dotnet build Gateway.sln -c Release --nologo -v quiet -clp:ErrorsOnly || give_up "The build failed."

# What the build does not see. `bash tests/format.sh` puts it right.
say "Format"
if bounded 300 "$results/format.log" bash tests/format.sh --check; then echo "as .editorconfig says"; passed=$((passed + 1))
else tail -20 "$results/format.log"; failed=$((failed + 1)); fi

# One TRX file for each test project says how many ran. A run that left none, in which none ran, or that was cut short counts as a failure.
count_trx() {
  local suite=$1 status=$2 log=$3 file=$4 counters p=0 f=0 t=0
  if [ -f "$file" ]; then
    counters=$(grep -o '<Counters [^>]*>' "$file")
    t=$(sed -nE 's/.* total="([0-9]+)".*/\1/p' <<<"$counters")
    p=$(sed -nE 's/.* passed="([0-9]+)".*/\1/p' <<<"$counters")
    t=${t:-0}; p=${p:-0}; f=$((t - p))
  fi
  if [ "$t" = 0 ]; then echo "$suite: no test ran"; f=1
  elif grep -qi 'test run was aborted' "$log" || { [ "$status" -ne 0 ] && [ "$f" = 0 ]; }; then echo "$suite: cut short (exit code $status)"; f=$((f + 1)); fi
  printf '%s: %d passed, %d failed\n' "$suite" "$p" "$f"
  passed=$((passed + p)); failed=$((failed + f))
}

# The chaos tests kill what the others would share with them, and need the machine for themselves: last, and one after the other.
for project in tests/*.Tests tests/*.IntegrationTests tests/*.ChaosTests; do
  suite=$(basename "$project")
  say "$suite"
  # A test that hangs is named. The suite's own limit is for what hangs outside of a test.
  case $suite in
    *.IntegrationTests) limit=900 ;;
    *.ChaosTests) limit=$chaos_seconds ;;
    *) limit=420 ;;
  esac
  bounded "$limit" "$results/$suite.log" dotnet test "$project" -c Release --no-build --nologo -v quiet \
    --blame-hang-timeout 120s --blame-hang-dump-type none \
    --logger "trx;LogFileName=$suite.trx" --logger "console;verbosity=minimal" --results-directory "$results"
  status=$?
  # Of the stacks, what is in our sources.
  grep -vE '^\s*at .*\)$|^\s*$|^Test run for|^A total of|^Results File|^\[xUnit\.net|^Attachments:|^Data collector .Blame. message: All tests finished|/Sequence_[0-9a-f]+\.xml$' "$results/$suite.log"
  count_trx "$suite" "$status" "$results/$suite.log" "$results/$suite.trx"
done

# run_node SUITE FOLDER [SECONDS]: the tests of node's own runner.
run_node() {
  local tap="$results/$1.tap" status p t f
  say "$1"
  bounded "${3:-240}" "$tap" npm test --prefix "$2" --silent -- --test-reporter=tap
  status=$?
  p=$(sed -nE 's/^# pass ([0-9]+)$/\1/p' "$tap"); t=$(sed -nE 's/^# tests ([0-9]+)$/\1/p' "$tap")
  p=${p:-0}; t=${t:-0}; f=$((t - p))
  if [ "$status" -ne 0 ] || [ "$t" = 0 ]; then
    [ "$f" -gt 0 ] || f=1
    grep -A18 '^ *not ok' "$tap" || tail -40 "$tap"
  fi
  printf '%s: %d passed, %d failed\n' "$1" "$p" "$f"
  passed=$((passed + p)); failed=$((failed + f))
}
run_node JavaScript tests/js
run_node Browser tests/browser
# Each package, installed from its file into fresh projects outside of the repository.
TMPDIR=$results run_node Packages tests/packages 600

say "JavaScript SDK"
bounded 240 "$results/sdk.log" npm test --prefix clients/js --silent -- --reporter=default --reporter=json --outputFile.json="$results/sdk.json"
status=$?
p=$(grep -oE '"numPassedTests": *[0-9]+' "$results/sdk.json" 2>/dev/null | grep -oE '[0-9]+'); t=$(grep -oE '"numTotalTests": *[0-9]+' "$results/sdk.json" 2>/dev/null | grep -oE '[0-9]+')
p=${p:-0}; t=${t:-0}; f=$((t - p))
if [ "$status" -ne 0 ] || [ "$t" = 0 ]; then
  [ "$f" -gt 0 ] || f=1
  tail -80 "$results/sdk.log"
fi
printf 'JavaScript SDK: %d passed, %d failed\n' "$p" "$f"
passed=$((passed + p)); failed=$((failed + f))

# Logs, metrics and errors of the .NET tests' gateways: no token (three parts in base64url), and none of the keys that the tests use.
say "Secrets"
lines=$(cat "$TOLD_FOLDER"/*.log | wc -l)
leaks=$(grep -hoE 'eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}|a-key-for-tests-0123456789|an HS256 secret of more than thirty-two bytes' "$TOLD_FOLDER"/*.log | sort | uniq -c | head -5)
if [ "$lines" -gt 500 ] && [ -z "$leaks" ]; then echo "none in $lines lines"; passed=$((passed + 1))
else printf 'in %d lines:\n%s\n' "$lines" "$leaks"; failed=$((failed + 1)); fi

printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
