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
        "what is nearer than this is pursued directly, goal or state of the route",
        gt=0.0,
        le=1000.0,
        unit="control steps",
    )
    passed: float = setting(
        "a state nearer than this is the same place: one of the route is passed, the robot does not move on",
        gt=0.0,
        le=1000.0,
        unit="control steps",
    )
    patience: float = setting(
        "who stays in one place for this many times as long as a state of the route takes is stuck",
        ge=1.0,
        le=100.0,
    )
    longer: float = setting(
        "a new route replaces the current one if its length is at most this many times the rest of that one",
        gt=0.0,
        le=1000.0,
    )


@dataclass(frozen=True)
class LearnedRouteSettings(RouteSettings):
    """How routes are imagined."""

    radius: float = setting(
        "states of the search are further apart than this, and its two predictions of one agree as well",
        gt=0.0,
        le=1000.0,
        unit="control steps",
    )
    wall: float = setting(
        "felt walls reach so far to each side of where they were touched; 0: none is felt",
        ge=0.0,
        le=1000.0,
        unit="times radius",
    )
    felt: float = setting(
        "who is further than this from where it was predicted, and by half of that way, feels a wall",
        gt=0.0,
        le=1000.0,
        unit="times radius",
    )
    most: int = setting("how often a search for a route leads a state on, at most", ge=1, le=10**6)


@dataclass(frozen=True)
class GraphRouteSettings(RouteSettings):
    """How routes are found in the memory."""

    radius: float = setting(
        "remembered states that routes lead through are further apart than this",
        gt=0.0,
        le=1000.0,
        unit="control steps",
    )
    reach: float = setting(
        "a route begins and ends at remembered states nearer than this",
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
