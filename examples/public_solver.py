# SPDX-License-Identifier: Apache-2.0
"""stable-worldmodel's solvers on our world model, and our planner on its World (extra `bench`)."""

from __future__ import annotations

import contextlib
import io
import warnings

import ami_ros

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # environments that are not installed
    import stable_worldmodel as swm
    from stable_worldmodel.policy import WorldModelPolicy
    from stable_worldmodel.solver import CEMSolver, GradientSolver

ENV = "ami_ros.api.environment:ami_ros/Robot-v0"
EPISODES, SEED = 3, 31

model = ami_ros.load_cost_model("panda", "reach")
config = swm.PlanConfig(horizon=5, receding_horizon=1, action_block=model.action_block)
solvers = {
    "their CEM": CEMSolver(model, num_samples=128, n_steps=2, topk=12, var_scale=0.7),
    "their gradients": GradientSolver(model, num_samples=16, n_steps=10),
}
policies = {name: WorldModelPolicy(solver, config, model.process) for name, solver in solvers.items()}
policies["our planner"] = ami_ros.load_policy("panda", "reach")

# Each sensor keeps its own picture, so the World adds none; an episode ends at its first success.
world = swm.World(ENV, 1, add_pixels=False, robot="panda", task="reach", terminate_on_success=True)
for name, policy in policies.items():
    world.set_policy(policy)
    with contextlib.redirect_stdout(io.StringIO()):  # the time of every plan
        found = world.evaluate(episodes=EPISODES, seed=SEED)
    print(f"{name:16} {found['success_rate']:.0f} % of {EPISODES} episodes reach the goal")
world.close()
