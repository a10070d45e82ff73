#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a bare robot to a judged planner, through its topics alone: `make robot ROBOT=fetch`.
#
# The robot runs as a process of its own, in real time: one of MuJoCo (bridge.py), or our simulator. Each stage is kept,
# and not done again by the same command. Prints what each took.
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

stage() { # NAME FILE COMMAND...: skip what has made FILE, and time the rest
  local what=$1 made=$2 began=$SECONDS
  shift 2
  if [ -e "$made" ]; then echo "$what: kept, $made"; return; fi
  "$@"
  echo "$what: $((SECONDS - began)) s" | tee -a "$out/times.txt"
}

robot() { # COMMAND...: while the robot is up
  "${run[@]}" > "$out/robot.log" 2>&1 &
  local process=$!
  trap 'kill $process' EXIT
  sleep 5
  "$@"
  trap - EXIT
  kill $process
  wait $process || true
}

explored() {
  ami-ros record "${body[@]}" --out "$out/recording" > "$out/record.log" 2>&1 &
  local recorder=$!
  ami-ros explore "${body[@]}" --minutes "$minutes" --state "$out/explored.json" --logs "$out/logs"
  kill -INT $recorder
  wait $recorder
}

commissioned() {
  ami-ros commission "${body[@]}" --model "$out/model.pt" --out "$out/commissioned" --yes --steps shadow,full \
    --goals "$goals" --set kept=$((2 * goals))
  touch "$out/commissioned/done"
}

stage explore "$out/explored.json" robot explored
stage import "$out/data" ami-ros import "$out/recording" "${body[@]}" --out "$out/data"
stage augment "$out/augmented" ami-ros augment "${body[@]}" --data "$out/data" --out "$out/augmented"
stage train "$out/model.pt" ami-ros train "${body[@]}" --data "$out/augmented" --out "$out/model.pt"
stage commission "$out/commissioned/done" robot commissioned
echo "$out/commissioned/report.html"
