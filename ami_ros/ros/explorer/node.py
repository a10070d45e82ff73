# SPDX-License-Identifier: Apache-2.0
"""The explorer as a lifecycle node: it replaces the planner with random motion through the gate."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray

from ami_ros.body.sensors import VectorSensor
from ami_ros.errors import ConfigError
from ami_ros.exploration.planner import ExploringPlanner
from ami_ros.exploration.settings import ExplorerSettings, load_explorer_settings
from ami_ros.exploration.state_file import read_exploration, write_exploration
from ami_ros.node_settings import ExplorerNodeSettings
from ami_ros.ros.explorer.cycle import ExploringCycle
from ami_ros.ros.proposing.heard_commands import HeardCommands
from ami_ros.ros.proposing.node import ProposingNode, run_proposing
from ami_ros.ros.proposing.sensor_inputs import bounded
from ami_ros.ros.wire.message_limits import MOST_TEXT
from ami_ros.ros.wire.parameters import declare_settings, refuse_unknown, settings_from_parameters
from ami_ros.ros.wire.qos import LATCHED_HISTORY
from ami_ros.ros.wire.verdicts import judgement_from_ros
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path
from ami_ros.system.whole_file import check_writable
from ami_ros.types import Level


class ExplorerNode(ProposingNode):
    """Explores from its activation until it has seen enough.

    For gate and robot it is the planner, on whose topics it proposes. Besides the sensors it receives the
    gate's verdicts, and the robot's commands.
    """

    _cycle: ExploringCycle | None

    def __init__(self) -> None:
        super().__init__("explorer", topics="planner")
        declare_settings(self, load_settings(ExplorerNodeSettings, config_path("explorer_node.yaml")))
        declare_settings(self, load_explorer_settings())
        refuse_unknown(self)
        self.settings = settings_from_parameters(self, ExplorerNodeSettings)
        self._exploring = settings_from_parameters(self, ExplorerSettings)
        self._planner: ExploringPlanner | None = None
        self._commands = HeardCommands(self, self._errors, self._spec)
        self._level = Level.HOLD  # until the gate's first verdict: without the gate nothing moves
        verdicts = bounded(self._errors, DiagnosticArray, "safety/verdict", MOST_TEXT, self._on_verdict)
        self.create_subscription(DiagnosticArray, "safety/verdict", verdicts, LATCHED_HISTORY, raw=True)

    def _make_cycle(self) -> ExploringCycle:
        """Continue the stored exploration, or begin one."""
        planner = ExploringPlanner(self._spec, self._exploring)
        path = Path(self.settings.state) if self.settings.state else None
        if self.settings.resume:
            if path is None:
                raise ConfigError("resume: got no state, expected the file of an exploration")
            state = read_exploration(path)
            try:
                planner.resume(state)
            except ConfigError as error:
                raise ConfigError(f"{path}: {error}") from error
        check_writable(path)
        planner.judge(self._level)
        keep = (lambda state: None) if path is None else partial(write_exploration, path)
        self._planner = planner
        return ExploringCycle(
            planner,
            self._spec,
            self._period_s,
            time.perf_counter,
            lambda: self._commands.newest,
            keep,
            self.settings.state_s,
        )

    def _rest(self) -> None:
        self._planner = None

    def destroy_node(self) -> None:
        """Store the coverage, and end."""
        if self._cycle is not None:
            self._cycle.keep()
        super().destroy_node()

    def _vectors(self) -> tuple[VectorSensor, ...]:
        found = super()._vectors()
        planner, sensors = self._planner, self._spec.sensors
        names = () if planner is None else (planner.sensor, *planner.border_sensors)
        more = [sensors[name] for name in names if name in sensors]
        return (*found, *(s for s in more if isinstance(s, VectorSensor) and s not in found))

    def _is_exact(self, sensor: VectorSensor) -> bool:
        return sensor.is_joints or (self._planner is not None and sensor.name == self._planner.sensor)

    def _on_verdict(self, message: DiagnosticArray) -> None:
        judgement = judgement_from_ros(message)
        if judgement.proposal_stamp_ns is not None:
            return
        self._level = judgement.verdict.level
        if self._planner is not None:
            self._planner.judge(self._level)


def main() -> int:
    """Run the explorer."""
    return run_proposing("explorer", ExplorerNode)


if __name__ == "__main__":
    sys.exit(main())
