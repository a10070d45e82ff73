# SPDX-License-Identifier: Apache-2.0
"""How routes are found and followed: sections of config/planner.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.errors import ConfigError, shown
from ami_ros.settings.fields import setting

OFF, LEARNED, GRAPH = "off", "learned", "graph"


@dataclass(frozen=True)
class RouteSettings:
    """How routes beyond the horizon are followed; distances in control steps of usual motion."""

    near: float = setting(
        "a goal or state of the route that is nearer than this is pursued directly",
        gt=0.0,
        le=1000.0,
        unit="control steps",
    )
    passed: float = setting(
        "states nearer than this are the same place: a state of the route counts as passed, or the robot as "
        "not moving on",
        gt=0.0,
        le=1000.0,
        unit="control steps",
    )
    patience: float = setting(
        "a robot that stays in one place for this multiple of the time that a state of the route takes is "
        "stuck",
        ge=1.0,
        le=100.0,
    )
    longer: float = setting(
        "a new route replaces the current one if it is at most this multiple of the rest of that one long",
        gt=0.0,
        le=1000.0,
    )


@dataclass(frozen=True)
class LearnedRouteSettings(RouteSettings):
    """How routes are imagined."""

    radius: float = setting(
        "least distance between states of the search, and largest gap between its two predictions of a state",
        gt=0.0,
        le=1000.0,
        unit="control steps",
    )
    wall: float = setting(
        "how far a felt wall extends to each side of the contact; 0: no walls are felt",
        ge=0.0,
        le=1000.0,
        unit="times radius",
    )
    felt: float = setting(
        "a robot further than this from its predicted place, and by half of that way, feels a wall",
        gt=0.0,
        le=1000.0,
        unit="times radius",
    )
    most: int = setting("most expansions of states in a search for a route", ge=1, le=10**6)


@dataclass(frozen=True)
class GraphRouteSettings(RouteSettings):
    """How routes are found in the memory."""

    radius: float = setting(
        "least distance between remembered states on a route",
        gt=0.0,
        le=1000.0,
        unit="control steps",
    )
    reach: float = setting(
        "largest distance of robot and goal from the ends of a route",
        gt=0.0,
        le=1000.0,
        unit="control steps",
    )


KINDS = {LEARNED: LearnedRouteSettings, GRAPH: GraphRouteSettings}


def settings_of_routes(name: str) -> type[RouteSettings]:
    """Return the settings dataclass of a route finder. Raises ConfigError: there is none."""
    if name not in KINDS:
        raise ConfigError(f"routes: got {shown(name)}, expected some of {sorted(KINDS)}")
    return KINDS[name]
