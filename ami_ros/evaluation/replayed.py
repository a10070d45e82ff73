# SPDX-License-Identifier: Apache-2.0
"""A recording replayed to a separate planner and gate: what would they have done?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ami_ros.body.goals.kinds import goal_topics
from ami_ros.configuration import Configuration
from ami_ros.errors import ConfigError, EpisodeError
from ami_ros.evaluation.node_group import NodeGroup
from ami_ros.recordings.bags.bag import Bag
from ami_ros.recordings.bags.bag_topic import types
from ami_ros.recordings.importing.roles import COMPRESSED_IMAGE, IMAGE, Roles, roles_of
from ami_ros.recordings.importing.signals import picture_of
from ami_ros.system.processes import NODE_PROGRAMS
from ami_ros.types import ImageArray, Level

if TYPE_CHECKING:
    from ami_ros.ros.clients.replay import Heard, Replay

# A recorded robot does not follow commands: its tracking error means nothing.
NOT_FOLLOWED = {"tracking_error": 3.2, "start_error": 3.2}


class RecordedRobot:
    """A recording that can be played.

    Args:
        configuration: robot and task.
        path: of the recording.
        topics: role -> its topic in the recording; see `roles_of`.

    Attributes:
        messages: number of messages in the recording.
        goals: topic of a recorded goal -> its subject: see `goal_topics`.

    Raises:
        EpisodeError: there is no recording.
        ConfigError: a sensor's topic is missing; lists the available ones.
    """

    def __init__(self, configuration: Configuration, path: Path, topics: Mapping[str, str]) -> None:
        self._configuration, self._bag = configuration, Bag(path)
        found = self._bag.topics()
        self._roles: Roles = roles_of(configuration.spec, found, topics)
        self.messages = sum(topic.messages for topic in found)
        expected = goal_topics(configuration.spec, "planner")
        self.goals = {
            topic.name: goal.subject
            for goal in expected.values()
            for topic in found
            if topic.name.endswith(f"/{goal.name}") and topic.messages
        }

    @property
    def problems(self) -> list[str]:
        """Problems in reading the recording so far."""
        return list(dict.fromkeys(self._bag.problems))

    def last_pictures(self) -> dict[str, ImageArray]:
        """Return the last picture of each camera, as a goal. Raises EpisodeError: there is none."""
        sensors = {found.name: name for name, found in self._roles.sensors.items()}
        last: dict[str, Any] = {}
        for message in self._bag.messages():
            if message.type in (IMAGE, COMPRESSED_IMAGE) and message.topic in sensors:
                last[sensors[message.topic]] = message
        if not last:
            raise EpisodeError(
                f"{self._bag.path}: got neither goals nor pictures, expected one of them: a planner needs a "
                "goal"
            )
        return {
            camera: picture_of(message.type, types().deserialize_cdr(message.data, message.type))
            for camera, message in last.items()
        }

    def play(
        self,
        model: Path,
        speed: float,
        logs: Path,
        on_played: Callable[[int], object] = lambda count: None,
        planner: str | Path = NODE_PROGRAMS["planner"],
    ) -> Heard:
        """Start planner and gate in a ROS_DOMAIN_ID of their own, and play the recording to them.

        Args:
            model: the planner's model.
            speed: multiple of the recorded speed.
            logs: folder of the nodes' logs.
            on_played: receives 1 for each message read.
            planner: the node's program.

        Raises:
            ProcessError: a node died or receives nothing; with the end of its log.
        """
        with _Listeners(self._configuration, self._roles, self.goals, logs, model, planner) as listeners:
            player = listeners.player
            player.wait_for_listeners()
            if not self.goals:
                player.show(self.last_pictures())
            player.play(self._bag, speed, on_played)
            return player.heard


class _Listeners(NodeGroup):
    """Planner and gate, and the client that plays to them."""

    player: Replay

    def __init__(
        self,
        configuration: Configuration,
        roles: Roles,
        goals: Mapping[str, str],
        logs: Path,
        model: Path,
        planner: str | Path,
    ) -> None:
        super().__init__(logs)
        self._configuration, self._roles, self._goals = configuration, roles, goals
        self._model, self._planner = model, planner

    def _join(self) -> None:
        from ami_ros.ros.clients.replay import Replay

        self.player = Replay(self._configuration.spec, self._roles, self._goals, self._check)
        self._open.callback(self.player.close)

    def _nodes(self) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
        common = {**self._configuration.node_parameters, "use_sim_time": True}
        ours = self._planner == NODE_PROGRAMS["planner"]
        known = {"model": str(self._model.resolve())} if ours else {}
        return {
            "safety": ({**common, **NOT_FOLLOWED}, {}),
            "planner": ({**common, **known, "autostart": True}, {}),
        }

    def _program(self, node: str) -> str | Path:
        return self._planner if node == "planner" else super()._program(node)


def checked_speed(speed: float) -> float:
    """Return a valid playback speed. Raises ConfigError."""
    if not 0.05 <= speed <= 20.0:
        raise ConfigError(f"--speed: got {speed:g}, expected 0.05 to 20 times")
    return speed


def replay_figures(heard: Heard) -> dict[str, Any]:
    """Return the figures of planner and gate for a recording, ready for JSON."""
    plan_ms = [status.plan_ms for status in heard.plans if status.plan_ms is not None]
    surprise = [status.surprise for status in heard.plans if status.surprise is not None]
    proposals = [judgement for judgement in heard.judged if judgement.proposal_stamp_ns is not None]
    levels = Counter(judgement.verdict.level.name for judgement in proposals)
    reasons = Counter(
        reason.code
        for judgement in heard.judged
        for reason in judgement.verdict.reasons
        if judgement.verdict.level >= Level.HOLD
    )
    states = Counter(status.state.value for status in heard.plans)
    return {
        "plans": len(heard.plans),
        "proposals": heard.proposals,
        "plan_ms_p50": _percentile(plan_ms, 50),
        "plan_ms_p99": _percentile(plan_ms, 99),
        "surprise_p50": _percentile(surprise, 50),
        "surprise_p95": _percentile(surprise, 95),
        "surprised_share": float(np.mean(np.array(surprise) > 1.0)) if surprise else None,
        "states": dict(states),
        "verdicts": {level.name: levels[level.name] for level in Level},
        "reasons": dict(reasons.most_common()),
    }


def _percentile(values: list[float], share: float) -> float | None:
    return float(np.percentile(values, share)) if values else None
