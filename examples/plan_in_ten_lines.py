# SPDX-License-Identifier: Apache-2.0
"""Let the shipped model move a simulated Panda to what a picture shows, through the safety gate."""

from __future__ import annotations

import ami_ros

env = ami_ros.make_env("panda", "reach")
planner = ami_ros.load_planner("panda", "reach")
env.reset(seed=1)
planner.set_goal(env.goal)
done = False
while not done:
    plan = planner.plan(env.observation)
    _, _, _, done, info = env.step(plan.actions[0, 0])
print(f"{100 * info['error']:.1f} cm from the goal, reached: {info['success']}, gate: {info['levels']}")
env.close()
