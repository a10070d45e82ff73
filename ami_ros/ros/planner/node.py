# SPDX-License-Identifier: Apache-2.0
"""The planner as a lifecycle node: its planner, its goals and its memory."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from rclpy.publisher import Publisher
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger

from ami_ros.body.goals.inbox import GoalInbox, nothing_remembered
from ami_ros.body.goals.kinds import GoalTopic, goal_topics
from ami_ros.errors import AmiError, ConfigError
from ami_ros.node_settings import PlannerNodeSettings
from ami_ros.planning.factory import PlannerFactory, world_model_planner
from ami_ros.planning.progress_watch import ProgressWatch
from ami_ros.ros.planner.cycle import PlanningCycle
from ami_ros.ros.planner.goal_inputs import hear_goals, reader
from ami_ros.ros.planner.memory import PlannerMemory
from ami_ros.ros.planner.onlookers import Onlooker, Onlookers
from ami_ros.ros.planner.turned_down import TurnedDown
from ami_ros.ros.proposing.node import ProposingNode, run_proposing
from ami_ros.ros.wire.message_fields import stamp_of
from ami_ros.ros.wire.node_main import end_process
from ami_ros.ros.wire.parameters import (
    declare_settings,
    more_sections,
    refuse_unknown,
    settings_from_parameters,
)
from ami_ros.ros.wire.qos import STATE
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path

if TYPE_CHECKING:
    from ami_ros.model.imagination import Imagination


class PlannerNode(ProposingNode):
    """Plans toward the newest goal.

    Args:
        factory: makes the planner.
    """

    _cycle: PlanningCycle | None

    def __init__(self, factory: PlannerFactory) -> None:
        super().__init__("planner")
        self._factory = factory
        self._onlookers: Onlookers | None = None
        self._imagination: Imagination | None = None
        self._imagined: Publisher[Image] | None = None
        declare_settings(self, load_settings(PlannerNodeSettings, config_path("planner_node.yaml")))
        defaults = factory.defaults(self._configuration.task)
        # A cost term or a solver of another package may be named by parameters alone.
        if more := more_sections(self, defaults):
            defaults = load_settings(type(defaults), dataclasses.asdict(defaults), more)
        declare_settings(self, defaults)
        refuse_unknown(self)
        self.settings = settings_from_parameters(self, PlannerNodeSettings)
        self._planning = settings_from_parameters(self, type(defaults), defaults)
        memory = self.settings.memory
        self._memory = PlannerMemory(self, self._errors, self._configuration, memory) if memory else None
        # Goals live as long as the node: an inactive planner keeps them.
        most_pixels = self._common.max_image_pixels
        recall = nothing_remembered if self._memory is None else self._memory.goal
        self._inbox = GoalInbox(self._spec, reader(self._spec, most_pixels), recall)
        topics = goal_topics(self._spec, with_memory=self._memory is not None).values()
        hear_goals(self, self._errors, self._spec, most_pixels, topics, self._on_goal)
        self.create_service(Trigger, "~/cancel", self._on_cancel)

    def _make_cycle(self) -> PlanningCycle:
        """Load the model and warm it up."""
        given = self.settings.model
        model = self._configuration.model_path(Path(given) if given else None)
        task, memory = self._configuration.task_name, None if self._memory is None else self._memory.path
        planner = self._factory.build(self._spec, model, self._planning, task, memory)
        view = self._factory.view(planner)
        self._imagination = self._loaded(model, view.sha256)
        progress = ProgressWatch(self.settings.patience_s, self.settings.attempts)
        cycle = PlanningCycle(planner, self._spec, self._period_s, time.perf_counter, progress)
        if self._memory is not None:
            cycle.follow(self._memory.begin(view))
        cycle.pursue(self._inbox.newest)
        cycle.problem = cycle.problem or self._inbox.refused
        return cycle

    def _loaded(self, model: Path, sha256: str) -> Imagination | None:
        """Return what draws the model's expectations; None without a decoder, or with one of no use."""
        if not sha256:  # a planner without a model
            return None
        from ami_ros.model.imagination import load_imagination  # torch, which such a planner does not need

        try:
            return load_imagination(model, sha256)
        except AmiError as error:  # only people need it: the robot plans without
            self._errors.report("decoder", error)
            return None

    def _create_topics(self) -> None:
        super()._create_topics()
        self._imagined = self.create_lifecycle_publisher(Image, "~/imagination", STATE)
        if self._cycle is not None:
            self._onlookers = Onlookers(self._shown(), self._errors)
            self._cycle.follow(self._onlookers)

    def _shown(self) -> list[Onlooker]:
        """Return what there is to see of the planner's thoughts, besides its plan."""
        shown: list[Onlooker] = []
        if self._spec.arms:
            shown.append(TurnedDown(self._markers, self._spec, self.settings.alternatives))
        if self._imagination is not None and self._imagined is not None:
            from ami_ros.ros.planner.imagined import Imagined

            doubt = self._configuration.safety.checks.get("doubt")
            doubtful = float("inf") if doubt is None else doubt.disagreement_limit
            shown.append(Imagined(self._imagined, self._imagination, doubtful))
        return shown

    def _rest(self) -> None:
        if self._onlookers is not None:
            self._onlookers.close()
            self._onlookers = None
        if self._imagined is not None:
            self.destroy_publisher(self._imagined)
            self._imagined = None
        if self._memory is not None:
            self._memory.rest()

    # Goals

    def _on_goal(self, topic: GoalTopic, message: Any) -> None:
        now_ns = time.time_ns()
        self._inbox.take(topic, message, stamp_of(message, now_ns), now_ns)
        self._pursue()
        if self._inbox.refused:
            raise ConfigError(self._inbox.refused)

    def _pursue(self) -> None:
        if self._cycle is not None:
            self._cycle.pursue(self._inbox.newest)
            self._cycle.problem = self._cycle.problem or self._inbox.refused
            self._pairing.plan_again()
        self._reports.now()

    def _on_cancel(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._inbox.cancel()
        self._pursue()
        response.success, response.message = True, "no goal: holding"
        return response

    def _own_figures(self) -> dict[str, object]:
        unseen: dict[str, object] = {}
        if self._onlookers is not None:
            unseen["thoughts_dropped"] = self._onlookers.dropped
        return unseen if self._memory is None else unseen | self._memory.figures


def run_planner(factory: Callable[[], PlannerFactory]) -> int:
    """Run a planner node until a stop signal; with `autostart` a failed start ends it, too."""
    return run_proposing("planner", lambda: PlannerNode(factory()))


def main() -> NoReturn:
    """Run the planner with the shipped world model."""
    end_process(run_planner(lambda: world_model_planner(time.perf_counter_ns)))


if __name__ == "__main__":
    main()
