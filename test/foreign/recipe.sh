#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a bare robot to a judged planner, through its topics alone: `make robot ROBOT=fetch`.
#
# The robot runs as a process of its own, in real time: one of MuJoCo (bridge.py), or our simulator. A stage that is
# done is not done again by the same command; training and commissioning go on where they were, others begin again.
# Prints what each took.
#
# Usage: recipe.sh ROBOT OUT [MINUTES [GOALS]], with ami-ros in the PATH.
set -euo pipefail
name=${1:?ROBOT: fetch, or one of config/robots} out=${2:?OUT: a folder} minutes=${3:-20} goals=${4:-100}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
export ROS_DOMAIN_ID=${ROS_DOMAIN_ID:-87} ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST
body=(--robot "$name" --task reach)
run=(sim_node --ros-args -p robot:="$name" -p task:=reach)
if [ -f "$here/$name.yaml" ]; then
  body=(--robot "$here/$name.yaml" --task reach)
  run=(python "$here/bridge.py" "$name")
fi

# Whatever fails, and whoever ends this script, no robot, recorder or command is left: each stage is a group of
# processes of its own, and a signal is heard while one runs.
set -m
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'for group in $(jobs -p); do kill -- "-$group" 2> /dev/null || true; done' EXIT

stage() { # NAME COMMAND...: skip what is done, and time the rest
  local what=$1 began=$SECONDS
  shift
  if [ -e "$out/$what.done" ]; then echo "$what: done before"; return; fi
  "$@" &
  wait $!
  echo "$what: $((SECONDS - began)) s" | tee -a "$out/times.txt"
  touch "$out/$what.done"
}

robot() { # COMMAND...: while the robot is up
  "${run[@]}" > "$out/robot.log" 2>&1 &
  local process=$!
  sleep 5
  "$@"
  kill $process
  wait $process || true
}

explored() {
  rm -rf "$out/recording" "$out/explored.json"
  ami-ros record "${body[@]}" --out "$out/recording" > "$out/record.log" 2>&1 &
  local recorder=$!
  ami-ros explore "${body[@]}" --minutes "$minutes" --state "$out/explored.json" --logs "$out/logs"
  kill -INT $recorder
  wait $recorder
}

imported() {
  rm -rf "$out/data"
  ami-ros import "$out/recording" "${body[@]}" --out "$out/data"
}

augmented() {
  rm -rf "$out/augmented"
  ami-ros augment "${body[@]}" --data "$out/data" --out "$out/augmented"
}

commissioned() {
  ami-ros commission "${body[@]}" --model "$out/model.pt" --out "$out/commissioned" --yes --steps shadow,full \
    --goals "$goals" --set kept=$((2 * goals))
}

stage explore robot explored
stage import imported
stage augment augmented
stage train ami-ros train "${body[@]}" --data "$out/augmented" --out "$out/model.pt"
stage commission robot commissioned
echo "$out/commissioned/report.html"
