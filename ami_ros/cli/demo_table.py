# SPDX-License-Identifier: Apache-2.0
"""The table that grows while the demo runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from ami_ros.report.statistics import episode_figures

if TYPE_CHECKING:
    from ami_ros.sim.loop.closed_loop import EpisodeResult
    from ami_ros.sim.tasks.yardstick import Yardstick


class DemoTable:
    """One row per goal, and a line that says what goes on; rich renders it again a few times a second.

    Args:
        goals: how many there will be.
        goal: how the planner receives one: ``image``, or a sensor.
        yardstick: of the task.

    Attributes:
        domain_id: ROS_DOMAIN_ID that the nodes talk on, once known.
    """

    def __init__(self, goals: int, goal: str, yardstick: Yardstick) -> None:
        self._goals, self._yardstick = goals, yardstick
        self._table = Table(title=f"goals by {goal}, reached over ROS 2", title_justify="left")
        unit, steps = yardstick.unit, f"steps to {yardstick.loosest.text}"
        for column in ("goal", f"start {unit}", f"end {unit}", "", steps, "plan ms", "planner says"):
            self._table.add_column(column, justify="left" if column in ("", "planner says") else "right")
        self._spinner: Spinner | None = Spinner("dots")
        self.domain_id: int | None = None

    def add(self, result: EpisodeResult) -> None:
        """Add the row of a finished episode."""
        yardstick, figures = self._yardstick, episode_figures(result)
        steps = figures[f"steps_to_{yardstick.near}"]
        reached = figures[yardstick.loosest.figure("reached")]
        self._table.add_row(
            f"{self._table.row_count + 1}",
            f"{result.error[0] * yardstick.per_error:.1f}",
            f"{result.error[-1] * yardstick.per_error:.1f}",
            Text("reached", "green") if reached else Text("missed", "red"),
            "never" if steps is None else str(steps),
            f"{figures['plan_ms_p50']:.1f}",
            "on its way" if result.arrived_step is None else f"arrived: {result.arrived_step}",
        )

    def finish(self) -> None:
        """Leave the table without the line below."""
        self._spinner = None

    def __rich__(self) -> RenderableType:
        if self._spinner is None:
            return self._table
        done = self._table.row_count
        where = f"ROS_DOMAIN_ID={self.domain_id}" if self.domain_id is not None else "starting the nodes"
        start = "; the planner loads its model" if done == 0 else ""
        self._spinner.update(text=f"goal {min(done + 1, self._goals)} of {self._goals} ({where}{start})")
        return Group(self._table, self._spinner)
