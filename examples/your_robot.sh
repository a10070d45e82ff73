#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a robot that nothing is known of to a judged model of it, through its topics alone.
#
# Usage: your_robot.sh [MINUTES [OUT [ROBOT TASK]]], with ami-ros in the PATH. Without ROBOT it is a boiler, which our
# simulator plays. Your own robot's drivers run already, and its YAML names their topics.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
minutes=${1:-10} out=${2:-your_robot} robot=${3:-$here/boiler.yaml} task=${4:-$here/warm_up.yaml}
body=(--robot "$robot" --task "$task")
mkdir -p "$out"
# Whatever ends this script: no robot, recorder or command is left. A signal is heard while a command runs.
trap 'kill $(jobs -p) 2> /dev/null || true; wait' EXIT
trap 'exit 130' INT TERM
run() { "$@" & wait $!; }

if [ $# -le 2 ]; then
  sim_node --ros-args -p robot:="$robot" -p task:="$task" > "$out/robot.log" 2>&1 &
fi

# Random motion, gentle at first, through the safety gate. The recorder hears what every other node hears.
ami-ros record "${body[@]}" --out "$out/recording" > "$out/record.log" 2>&1 &
recorder=$!
run ami-ros explore "${body[@]}" --minutes "$minutes" --state "$out/explored.json" --logs "$out/logs"
kill -INT $recorder
wait $recorder

# The recording becomes episodes; import_report.json says what is wrong with it.
run ami-ros import "$out/recording" "${body[@]}" --out "$out/data"
run ami-ros train "${body[@]}" --data "$out/data" --out "$out/model.pt"
# The last line names what comes next, with a person next to the robot: ami-ros commission.
