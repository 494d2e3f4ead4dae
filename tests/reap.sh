#!/usr/bin/env bash
# reap.sh PID MARK: waits until process PID is gone, however it ended. Then ends every process that has TEST_RUN=MARK in its environment: the gateways,
# redis-servers, balancers and browsers of a test run that was killed.
set -u
pid=$1 mark=$2

# started PID: when it started, which tells it from a later process of the same number.
started() { local stat; stat=$(cat "/proc/$1/stat" 2>/dev/null) || return; stat=${stat##*) }; set -- $stat; echo "${20}"; }

began=$(started "$pid")
[ -n "$began" ] && while [ "$(started "$pid")" = "$began" ]; do sleep 0.5; done
for round in 1 2 3; do # what is killed may just have started something
  for process in /proc/[0-9]*; do
    [ "${process#/proc/}" != $$ ] && tr '\0' '\n' 2>/dev/null <"$process/environ" | grep -qxF "TEST_RUN=$mark" && kill -KILL "${process#/proc/}" 2>/dev/null
  done
  sleep 0.2
done
exit 0
