# SPDX-License-Identifier: Apache-2.0
"""Shows what a model thinks of recorded episodes: no robot, no simulator, no ROS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.meanings.meaning import Meaning
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.episode import EpisodeRecord
from ami_ros.memory.goal_by_name import goal_of
from ami_ros.memory.moment import Moment
from ami_ros.model.imagination import Imagination
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.surprise import SurpriseMonitor
from ami_ros.planning.where_plans_lead import where_plans_lead
from ami_ros.types import RARE_SURPRISE, FloatArray, Plan
from ami_ros.watching.screen import Screen

PAUSE_NS = 1_000_000_000  # between two episodes, on the line of time
CURVES = 4  # channels that are shown


class Rehearsal:
    """Plans at every step of an episode toward a picture seen later, and shows it next to what was done.

    Args:
        planner: plans with the model.
        spec: the robot.
        screen: shows it.
        imagination: draws what the model expects; None without a decoder.
        doubtful: disagreement about a plan above which nobody relies on the model.
        ahead: control steps from a picture to the one that is its goal.
        channels: names of the channels whose curves are shown.
    """

    def __init__(
        self,
        planner: RecedingHorizonPlanner,
        spec: RobotSpec,
        screen: Screen,
        imagination: Imagination | None,
        doubtful: float,
        ahead: int,
        channels: Sequence[str],
    ) -> None:
        self._planner, self._spec, self._screen = planner, spec, screen
        self._imagination, self._doubtful, self._ahead = imagination, doubtful, ahead
        self._monitor, self._meaning = SurpriseMonitor(planner.model, spec), meaning_of(spec)
        self._led = where_plans_lead(planner.model.contract, spec)
        self._channels = {name: at for at, name in enumerate(_names(spec)) if name in channels}

    def show(self, episodes: Iterable[EpisodeRecord], on_step: Callable[[], object] = lambda: None) -> int:
        """Show episodes one after the other; returns the number of steps."""
        began_ns, steps = 0, 0
        for number, episode in enumerate(episodes):
            self._screen.at(began_ns)
            self._screen.sentence("log/planner", f"Episode {number + 1}", "INFO")
            self._show(episode, began_ns, on_step)
            steps += len(episode.actions)
            began_ns += (len(episode.actions) + 1) * self._spec.step_ns + PAUSE_NS
        return steps

    def _show(self, episode: EpisodeRecord, began_ns: int, on_step: Callable[[], object]) -> None:
        last = len(episode.actions)
        moments = [_moment(episode, place, began_ns, self._spec) for place in range(last + 1)]
        done = _done(episode, moments, self._meaning)
        self._monitor.restart()
        for place in range(last):
            if place % self._ahead == 0:
                goal = moments[min(place + self._ahead, last)]
                self._planner.restart()
                self._planner.set_goal(goal_of(goal, "rehearsal", self._spec))
            observation = moments[place].observation()
            surprise = self._monitor.observe(self._planner.model.sense(observation), observation)
            plan = self._planner.plan(observation)
            self._monitor.act(self._spec.actions.normalised(episode.actions[place].astype(np.float64)))
            self._screen.at(moments[place].stamp_ns)
            for camera, picture in moments[place].images.items():
                self._screen.picture(f"camera/{camera}", picture)
                self._screen.picture(f"goal/{camera}", goal.images[camera])
            self._think(plan, moments[place], surprise)
            led = self._led(plan, self._ahead, observation)
            for name, at in self._channels.items():
                self._screen.numbers(f"channels/{name}", {"done": done[place, at], "planned": led[at]})
            on_step()

    def _think(self, plan: Plan, moment: Moment, surprise: dict[str, float]) -> None:
        screen = self._screen
        worst = max(surprise, key=lambda name: surprise[name], default="")
        known = surprise.get(worst, 0.0) <= RARE_SURPRISE and (plan.disagreement or 0.0) <= self._doubtful
        if self._imagination is not None and plan.state is not None:
            present = moment.images[self._imagination.camera]
            pictures = self._imagination.pictures(present, plan.state, plan.predicted, known)
            screen.picture("imagination", np.concatenate(list(pictures), axis=1))
        screen.number("distance", plan.distance)
        if plan.disagreement is not None:
            screen.number("disagreement", plan.disagreement)
        screen.numbers("surprise", {**surprise, "rare": RARE_SURPRISE})
        far = "there" if plan.arrived else f"{plan.distance:.1f} steps from the goal"
        odd = "" if known else f"; surprised by {worst or 'its own doubt'}"
        screen.text("now", f"**Planner**  \n{far}{odd}")


def moving_channels(spec: RobotSpec, episode: EpisodeRecord) -> tuple[str, ...]:
    """Return the names of the channels that move furthest in an episode."""
    moments = [_moment(episode, place, 0, spec) for place in range(len(episode.actions) + 1)]
    done = _done(episode, moments, meaning_of(spec))
    furthest = np.argsort(-np.ptp(done, axis=0))[:CURVES]
    names = _names(spec)
    return tuple(names[at] for at in sorted(furthest))


def _names(spec: RobotSpec) -> list[str]:
    return [name for part in spec.parts for name in part.command_names]


def _done(episode: EpisodeRecord, moments: Sequence[Moment], meaning: Meaning) -> FloatArray:
    """Return where the channels (C,) were at each step (S + 1, C)."""
    meaning.forget()
    places = [meaning.start(moments[0].observation())]
    for place, action in enumerate(episode.actions):
        meaning.note(action[None, None].astype(np.float64), moments[place].observation())
        places.append(meaning.start(moments[place + 1].observation()))
    return np.stack(places)


def _moment(episode: EpisodeRecord, place: int, began_ns: int, spec: RobotSpec) -> Moment:
    return Moment(
        stamp_ns=began_ns + (place + 1) * spec.step_ns,
        images={camera: pictures[place] for camera, pictures in episode.images.items()},
        vectors={sensor: rows[place] for sensor, rows in episode.vectors.items()},
    )
