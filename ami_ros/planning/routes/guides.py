# SPDX-License-Identifier: Apache-2.0
"""The guide that settings ask for."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ContractError
from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.points import positions_of
from ami_ros.model.runtime import ModelRuntime
from ami_ros.model.world_model import BY_VECTORS
from ami_ros.planning.experience import Experience
from ami_ros.planning.routes.contacts import ContactSense
from ami_ros.planning.routes.guide import Guide
from ami_ros.planning.routes.imagined import ImaginedRoutes
from ami_ros.planning.routes.remembered import RememberedRoutes
from ami_ros.planning.routes.settings import GRAPH, OFF
from ami_ros.planning.settings import PlannerSettings
from ami_ros.planning.stopwatch import Stopwatch


def guide_of(
    model: ModelRuntime,
    spec: RobotSpec,
    settings: PlannerSettings,
    experience: Experience | None,
    clock_ns: Callable[[], int],
) -> Guide | None:
    """Return the guide; None if routes are off, or nothing searches.

    Args:
        model: the loaded world model.
        spec: the robot.
        settings: search settings.
        experience: a memory, if the settings ask for one.
        clock_ns: clock, ns.

    Raises:
        ContractError: the model has no macro-actions.
    """
    if settings.route == OFF or not settings.searches:
        return None
    how = settings.routes[settings.route]

    def subgoal_of(state: Tensor) -> EncodedGoal:
        return as_goal(model, state, settings.distance)

    if settings.route == GRAPH and experience is not None:
        ahead = settings.horizon * spec.action_block
        return Guide(RememberedRoutes(model, experience), subgoal_of, model.distances, how, ahead)
    if not model.contract.macro_blocks:
        raise ContractError(
            "route: learned: got a model without macro-actions, expected one with macro_blocks above 0 "
            "(config/model.yaml); train it again, or set route: off"
        )
    steps = model.contract.macro_blocks * spec.action_block
    contacts = ContactSense(model, spec, how)
    stopwatch = Stopwatch(clock_ns, settings.deadline_s)
    routes = ImaginedRoutes(model, steps, how, contacts, stopwatch)
    return Guide(routes, subgoal_of, model.distances, how, steps, contacts if how.wall else None)


def as_goal(model: ModelRuntime, state: Tensor, distance: str) -> EncodedGoal:
    """Return a state (Z,) on the way as a subgoal of all cameras, at a kind of distance.

    Without cameras, it is a subgoal of all vector sensors.
    """
    views, size = range(len(model.contract.cameras)), model.contract.latent_size
    if not views:
        values = [state[start:stop] for start, stop in positions_of(model)]
        return EncodedGoal(values, list(range(len(values))), BY_VECTORS, on_the_way=True)
    latents = [state[i * size : (i + 1) * size] for i in views]
    return EncodedGoal(latents, list(views), distance, on_the_way=True)
