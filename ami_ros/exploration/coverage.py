# SPDX-License-Identifier: Apache-2.0
"""What was covered so far, of the body's space and of what its cameras see, and whether that still grows."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from ami_ros.errors import ConfigError
from ami_ros.exploration.cells import Cells
from ami_ros.exploration.views import Views
from ami_ros.types import FloatArray, Observation

WINDOW_S = 60.0  # of motion, over which growth is told


class Growth:
    """How much a count has grown over the last minute of motion."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, int]] = deque()

    def see(self, moved_s: float, count: int) -> None:
        """Take the count after so much motion; earlier ones may be forgotten."""
        self._counts.append((moved_s, count))
        while len(self._counts) > 1 and moved_s - self._counts[1][0] >= WINDOW_S:
            self._counts.popleft()

    @property
    def lately(self) -> int | None:
        """How much it has grown; None before there was a minute of motion."""
        if not self._counts or self._counts[-1][0] - self._counts[0][0] < WINDOW_S:
            return None
        return self._counts[-1][1] - self._counts[0][1]


class Coverage:
    """Takes each moment.

    Args:
        cells: of the body's space, none of them visited.
        cameras: their names.
        radius: as for Views.
        most: as for Views.
        twice: whether each cell is to be visited slowly and fast.

    Attributes:
        cells: of the body's space.
        fast: the same, with the visits that were fast; `cells` itself where none is to be.
        moved_s: time in motion, s.
        has_entered: whether the newest place is in another cell than the one before.
    """

    def __init__(self, cells: Cells, cameras: Sequence[str], radius: float, most: int, twice: bool) -> None:
        self.cells, self.moved_s, self.has_entered = cells, 0.0, False
        self.fast = copy.deepcopy(cells) if twice else cells
        self._spaces = [self.cells, self.fast] if twice else [self.cells]
        self._views = {name: Views(radius, most) for name in cameras}
        self._body, self._seen = Growth(), Growth()

    def see(self, place: FloatArray, observation: Observation, elapsed_s: float, is_fast: bool) -> None:
        """Take a moment.

        Args:
            place: of the body in its space (D,).
            observation: of all sensors; a camera may be missing.
            elapsed_s: motion since the last one, s.
            is_fast: whether that was fast.
        """
        self.moved_s += elapsed_s
        self.has_entered = self.cells.visit(place)
        if is_fast:
            self.fast.visit(place)
        for name, views in self._views.items():
            if name in observation.readings:
                views.see(observation[name].value)
        self._body.see(self.moved_s, sum(cells.visited for cells in self._spaces))
        self._seen.see(self.moved_s, self.views)

    def leave(self) -> None:
        """Be nowhere, see Cells."""
        for cells in self._spaces:
            cells.leave()

    def avoid(self, place: FloatArray) -> None:
        """Count the cells of a place (D,) as costly, see Cells."""
        for cells in self._spaces:
            cells.avoid(place)

    @property
    def body(self) -> float:
        """Share of the cells that were visited, as often as they are to be."""
        return sum(cells.share for cells in self._spaces) / len(self._spaces)

    @property
    def views(self) -> int:
        """Images that were new, of all cameras."""
        return sum(map(len, self._views.values()))

    @property
    def body_growth(self) -> float | None:
        """How much of `body` is new within the last minute; None before a minute."""
        total = self.cells.total * len(self._spaces)
        return None if self._body.lately is None else self._body.lately / total

    @property
    def view_growth(self) -> float | None:
        """New images within the last minute, share of all that were new; None before, and without cameras."""
        if not self._views or self._seen.lately is None:
            return None
        return self._seen.lately / max(1, self.views)

    def has_ended(self, least: float) -> bool:
        """Return whether body and camera coverage have grown by less than a share within the last minute."""
        body, views = self.body_growth, self.view_growth
        return body is not None and body < least and (views is None or views < least)

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs, ready for JSON."""
        views = {name: views.state() for name, views in self._views.items()}
        fast = {"fast": self.fast.state()} if len(self._spaces) > 1 else {}
        return {"moved_s": self.moved_s, "body": self.cells.state(), "views": views, **fast}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned; a camera that is new has seen nothing yet.

        Raises:
            ConfigError: it is of another body, or damaged.
        """
        moved_s, body, views = (state.get(name) for name in ("moved_s", "body", "views"))
        fine = isinstance(moved_s, float) and 0.0 <= moved_s < 1e12
        if not fine or not isinstance(body, Mapping) or not isinstance(views, Mapping):
            raise ConfigError(f"got {sorted(state)}, expected moved_s, body and views of an exploration")
        self.cells.restore(body)
        fast = state.get("fast")
        if isinstance(fast, Mapping) and self.fast is not self.cells:
            self.fast.restore(fast)
        for name, kept in self._views.items():
            if name in views:
                kept.restore(views[name])
        self.moved_s = float(moved_s or 0.0)
        self._body, self._seen = Growth(), Growth()
