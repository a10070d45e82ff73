# SPDX-License-Identifier: Apache-2.0
"""ami_ros: learned world models that plan safe robot actions, from Python and as ROS 2 nodes.

    import ami_ros

    env = ami_ros.make_env("panda", "reach")
    planner = ami_ros.load_planner("panda", "reach")
    env.reset(seed=1)
    planner.set_goal(env.goal)
    plan = planner.plan(env.observation)
    env.step(plan.actions[0, 0])

The names in `__all__` are the public interface, and follow semantic versioning; each is imported on first
use. All else may change with any version.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ami_ros.api.environment import make_env
    from ami_ros.api.evaluation import evaluate
    from ami_ros.api.planning import judge, load_model, load_planner
    from ami_ros.api.recording import open_recording
    from ami_ros.api.stable_worldmodel import load_cost_model, load_policy
    from ami_ros.errors import AmiError
    from ami_ros.types import Goal, Observation

__version__ = "0.2.0"
__all__ = [
    "AmiError",
    "Goal",
    "Observation",
    "evaluate",
    "judge",
    "load_cost_model",
    "load_model",
    "load_planner",
    "load_policy",
    "make_env",
    "open_recording",
]
_HOMES = {
    "AmiError": "errors",
    "Goal": "types",
    "Observation": "types",
    "evaluate": "api.evaluation",
    "judge": "api.planning",
    "load_cost_model": "api.stable_worldmodel",
    "load_model": "api.planning",
    "load_planner": "api.planning",
    "load_policy": "api.stable_worldmodel",
    "make_env": "api.environment",
    "open_recording": "api.recording",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
