#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a bare robot to a judged planner, through its topics alone: `make robot ROBOT=fetch`.
#
# The robot runs as a process of its own, in real time: one of MuJoCo (bridge.py), or our simulator. A stage that is
# done is not done again by the same command; training and commissioning go on where they were, others begin again.
# Prints what each took.
#
# Usage: [TASK=pick] [SHOWN=50] [FROM=MODEL] [STEPS=N] [BASELINES=GOALS] [SEED=S] recipe.sh ROBOT OUT [MINUTES [GOALS]],
# with ami-ros in the PATH.
# MINUTES are explored; of several numbers, as in 3,6,10,20, the last and largest, and a model is made of the first 3,
# the first 6 and so on: curve.png shows what each reaches. With FROM training goes on from that model, in minutes; with
# BASELINES so many goals are pursued at random and by the inverse model alone as well. Where the robot is of our
# simulator, episodes from seed S on are evaluated in the end, by the truth. TASK is reach, or one of a hand with blocks
# in our simulator: then somebody shows it SHOWN times before the robot explores, and all of both is imported. Nobody
# commissions such a model, as a hand that has a block where a picture shows it is judged by the truth alone.
set -euo pipefail
name=${1:?ROBOT: one of test/foreign, or of config/robots} out=${2:?OUT: a folder} goals=${4:-100}
IFS=, read -ra minutes <<< "${3:-20}"
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
export ROS_DOMAIN_ID=${ROS_DOMAIN_ID:-87} ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST
description=$name
if [ -f "$here/$name.yaml" ]; then description=$here/$name.yaml; fi
task=${TASK:-reach}
body=(--robot "$description" --task "$task")
run=(sim_node --ros-args -p robot:="$description" -p task:="$task") ours=yes
case $name in fetch | kitchen_panda) run=(python "$here/bridge.py" "$name") ours= ;; esac

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
  mkdir -p "$(dirname "$out/$what")"
  "$@" &
  wait $!
  echo "$what: $((SECONDS - began)) s" | tee -a "$out/times.txt"
  touch "$out/$what.done"
}

robot() { # COMMAND...: while the robot is up
  "${run[@]}" > "$out/robot.log" 2>&1 &
  local process=$!
  trap "kill $process 2> /dev/null || true; wait $process || true" EXIT # when "$@" fails, too
  sleep 5
  "$@"
}

recorded() { # FOLDER COMMAND...: while a recorder listens
  local folder=$1
  shift
  rm -rf "$folder"
  ami-ros record "${body[@]}" --out "$folder" > "$folder.log" 2>&1 &
  local recorder=$!
  "$@"
  kill -INT $recorder
  wait $recorder
}

shown() {
  recorded "$out/demonstrations" python "$here/demonstrator.py" "$description" "$task" "${SHOWN:-50}" --logs "$out/logs"
}

explored() {
  rm -f "$out/explored.json"
  recorded "$out/recording" ami-ros explore "${body[@]}" --minutes "${minutes[-1]}" --state "$out/explored.json" \
    --logs "$out/logs"
}

imported() { # MINUTES
  rm -rf "$out/$1/data"
  local recordings=("$out/recording" --minutes "$1")
  [ "$task" = reach ] || recordings=("$out/demonstrations" "$out/recording")
  ami-ros import "${recordings[@]}" "${body[@]}" --out "$out/$1/data"
}

augmented() { # MINUTES
  rm -rf "$out/$1/augmented"
  ami-ros augment "${body[@]}" --data "$out/$1/data" --out "$out/$1/augmented"
}

trained() { # MINUTES
  ami-ros train "${body[@]}" ${FROM:+--from "$FROM"} ${STEPS:+--steps "$STEPS"} --data "$out/$1/augmented" --out "$out/$1/model.pt"
}

commissioned() { # MINUTES: of several models one may be refused, or fail; its record says so
  ami-ros commission "${body[@]}" --model "$out/$1/model.pt" --out "$out/$1/commissioned" --yes --steps shadow,full \
    --goals "$goals" --set kept=$((2 * goals)) || [ ${#minutes[@]} -gt 1 ]
}

evaluated() { # MINUTES: again, of several models one may be refused
  ami-ros evaluate "${body[@]}" --model "$out/$1/model.pt" --no-baselines --via ros --episodes "$goals" \
    ${SEED:+--seed "$SEED"} --json "$out/$1/evaluated.json" || [ ${#minutes[@]} -gt 1 ]
}

compared() { # MINUTES
  ami-ros commission "${body[@]}" --model "$out/$1/model.pt" --out "$out/$1/commissioned" --yes \
    --steps random,inverse_model --goals "$BASELINES"
}

[ "$task" = reach ] || stage show robot shown
stage explore robot explored
for some in "${minutes[@]}"; do
  stage "$some/import" imported "$some"
  stage "$some/augment" augmented "$some"
  stage "$some/train" trained "$some"
  [ "$task" != reach ] || stage "$some/commission" robot commissioned "$some"
  [ -z "$ours" ] || stage "$some/evaluate" evaluated "$some"
  [ -z "${BASELINES:-}" ] || stage "$some/baselines" robot compared "$some"
  [ "$task" != reach ] || echo "$out/$some/commissioned/report.html"
done
[ ${#minutes[@]} -eq 1 ] || python "$here/success_curve.py" "$out" "${minutes[@]}"
