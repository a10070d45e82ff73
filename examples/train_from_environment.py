# SPDX-License-Identifier: Apache-2.0
"""From a gymnasium environment to data to a model that plans: a boiler that no model knows yet."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import ami_ros

HERE = Path(__file__).parent
ROBOT, TASK = str(HERE / "boiler.yaml"), str(HERE / "warm_up.yaml")
EPISODES, KEPT = 20, 12  # steps that random set points last

with tempfile.TemporaryDirectory() as folder:
    data, model = Path(folder, "data"), Path(folder, "model.pt")
    env = ami_ros.make_env(ROBOT, TASK, record=data)
    low, high = env.action_space.low, env.action_space.high
    generator, done = np.random.default_rng(1), True
    for step in range(EPISODES * 60):
        if done:
            env.reset(seed=step)
        if step % KEPT == 0:
            action = generator.uniform(low, high)
        _, _, _, done, _ = env.step(action)
    env.close()
    print(f"{EPISODES} episodes of random set points")

    ami_ros_train = [sys.executable, "-m", "ami_ros.cli.main", "train"]  # a shell says: ami-ros train
    options = ["--robot", ROBOT, "--task", TASK, "--data", data, "--out", model]
    subprocess.run([*ami_ros_train, *options], check=True, capture_output=True)
    print("judged:", *ami_ros.judge(ami_ros.load_model(ROBOT, TASK, model)).lines, sep="\n  ")
    for planner in ("mppi", "hold"):
        found = ami_ros.evaluate(ROBOT, TASK, 5, 1001, model, planner, judged=False)
        print(f"{planner:6}", found)
