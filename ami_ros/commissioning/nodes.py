# SPDX-License-Identifier: Apache-2.0
"""The nodes of a commissioning, as processes: in the shadow step, and while the planner moves the robot."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ami_ros.commissioning.core.place import place_of
from ami_ros.commissioning.core.settings import CommissionSettings
from ami_ros.configuration import Configuration
from ami_ros.evaluation.fault_episodes import LOCK_STEP_PATIENCE
from ami_ros.evaluation.node_group import NodeGroup
from ami_ros.evaluation.ros_episodes import OBSERVERS
from ami_ros.settings.fields import flattened
from ami_ros.system.processes import command_line

if TYPE_CHECKING:
    from ami_ros.commissioning.core.spread import TakenGoal
    from ami_ros.ros.commissioning.fault_trials import FaultTrials
    from ami_ros.ros.commissioning.shadow import ShadowClient

# The explorer must not end by itself: the step ends when enough plans are compared.
WITHOUT_END = {"minutes": 100_000.0, "least_growth": 0.0}


@dataclass(frozen=True, eq=False)
class Commission:
    """What is commissioned, and how.

    Attributes:
        configuration: robot, task and their settings.
        model: path of the model, verified.
        wanted: what the robot must show.
        simulated: with our simulator, in lock-step; else on the robot of this shell's ROS domain.
        explores: the explorer moves the robot in the shadow step; else an operator does.
    """

    configuration: Configuration
    model: Path
    wanted: CommissionSettings
    simulated: bool
    explores: bool = True


class CommissionNodes(NodeGroup):
    """Common part of both groups of nodes.

    Args:
        commission: what to do.
        log_folder: takes one log file per node.
    """

    def __init__(self, commission: Commission, log_folder: Path) -> None:
        super().__init__(log_folder, alone=commission.simulated)
        self._commission = commission

    @property
    def _common(self) -> dict[str, Any]:
        names = self._commission.configuration.node_parameters
        return {**names, "use_sim_time": self._commission.simulated}

    def _robot(self) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
        """Return the simulator, if the robot is simulated."""
        if not self._commission.simulated:
            return {}
        how = {"lock_step": True, "observers": OBSERVERS, "episode_steps": 0, **LOCK_STEP_PATIENCE}
        return {"sim": ({**self._commission.configuration.node_parameters, **how}, {})}

    @property
    def _planner(self) -> dict[str, Any]:
        planning = {it.name: it.value for it in flattened(self._commission.configuration.planner)}
        return {**planning, **self._common, "model": str(self._commission.model.resolve()), "autostart": True}


class ShadowNodes(CommissionNodes):
    """Planner, plus explorer and gate unless an operator moves the robot. Nothing follows the planner."""

    client: ShadowClient

    def _join(self) -> None:
        from ami_ros.ros.commissioning.shadow import ShadowClient

        wanted, spec = self._commission.wanted, self._commission.configuration.spec
        arguments = command_line(sys.argv)[1]
        self.client = ShadowClient(spec, self._check, self._commission.simulated, wanted, arguments)
        self._open.callback(self.client.close)

    def _nodes(self) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
        # Under another name, so that neither gate nor simulator follows its proposals.
        nodes = {**self._robot(), "planner": (self._planner, {"__node": "shadow"})}
        if self._commission.explores:
            moving = {it.name: it.value for it in flattened(self._commission.configuration.explorer)}
            nodes["safety"] = (self._common, {})
            nodes["explorer"] = ({**moving, **WITHOUT_END, **self._common, "autostart": True}, {})
        return nodes


class PursuitNodes(CommissionNodes):
    """Planner and gate: the planner moves the robot.

    Args:
        commission: what to do.
        log_folder: takes one log file per node.
        goals: to choose from.
        solver: for the planner; empty: the one in its settings.
    """

    client: FaultTrials

    def __init__(
        self, commission: Commission, log_folder: Path, goals: Sequence[TakenGoal], solver: str = ""
    ) -> None:
        super().__init__(commission, log_folder)
        self._goals, self.solver = goals, solver
        self._is_frozen = False

    def _join(self) -> None:
        from ami_ros.ros.commissioning.fault_trials import FaultTrials

        wanted, spec = self._commission.wanted, self._commission.configuration.spec
        arguments = command_line(sys.argv)[1]
        simulated = self._commission.simulated
        self.client = FaultTrials(spec, self._check, simulated, wanted, self._goals, self.freeze, arguments)
        self._open.callback(self.client.close)
        self._open.callback(self.client.hold)  # runs first, while gate and robot still run

    def _nodes(self) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
        # Slow at first: the first step requests more only when its turn comes.
        limits = place_of(self._commission.configuration.spec).limits
        gate = {**self._common, **limits(self._commission.wanted.slow, self._goals[0].place)}
        planner = {**self._planner, **({"solver": self.solver} if self.solver else {})}
        return {**self._robot(), "safety": (gate, {}), "planner": (planner, {})}

    def freeze(self, frozen: bool) -> None:
        """Suspend the planner's process, or resume it."""
        self._is_frozen = frozen
        os.kill(self._processes["planner"].pid, signal.SIGSTOP if frozen else signal.SIGCONT)

    def __exit__(self, *ending: Any) -> None:
        if self._is_frozen:
            self.freeze(False)  # a suspended process cannot end
        super().__exit__(*ending)
