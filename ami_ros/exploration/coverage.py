# SPDX-License-Identifier: Apache-2.0
"""Coverage of the body's space and of its camera views, and its growth."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from ami_ros.errors import ConfigError
from ami_ros.exploration.cells import Cells
from ami_ros.exploration.views import Views
from ami_ros.types import FloatArray, Observation


class Growth:
    """The growth of a count over the last stretch of motion.

    Args:
        window_s: length of the stretch.
    """

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._counts: deque[tuple[float, int]] = deque()

    def see(self, moved_s: float, count: int) -> None:
        """Record the count after `moved_s` of motion; earlier counts may be forgotten."""
        self._counts.append((moved_s, count))
        while len(self._counts) > 1 and moved_s - self._counts[1][0] >= self._window_s:
            self._counts.popleft()

    @property
    def lately(self) -> int | None:
        """The growth; None before the first such stretch."""
        if not self._counts or self._counts[-1][0] - self._counts[0][0] < self._window_s:
            return None
        return self._counts[-1][1] - self._counts[0][1]


class Coverage:
    """Accumulates coverage, one moment at a time.

    Args:
        cells: cells of the body's space, none of them visited.
        cameras: names of the cameras.
        radius: as for Views.
        most: as for Views.
        twice: whether each cell must be visited both slowly and fast.
        window_s: motion over which growth is measured, s.

    Attributes:
        cells: cells of the body's space.
        fast: the same with fast visits; `cells` itself if `twice` is false.
        moved_s: time in motion, s.
        has_entered: whether the newest place is in another cell than the previous one.
    """

    def __init__(
        self,
        cells: Cells,
        cameras: Sequence[str],
        radius: float,
        most: int,
        twice: bool,
        window_s: float = 60.0,
    ) -> None:
        self._window_s = window_s
        self.cells, self.moved_s, self.has_entered = cells, 0.0, False
        self.fast = copy.deepcopy(cells) if twice else cells
        self._spaces = [self.cells, self.fast] if twice else [self.cells]
        self._views = {name: Views(radius, most) for name in cameras}
        self._body, self._seen = Growth(self._window_s), Growth(self._window_s)

    def see(self, place: FloatArray, observation: Observation, elapsed_s: float, is_fast: bool) -> None:
        """Record a moment.

        Args:
            place: place of the body in its space (D,).
            observation: readings of all sensors; a camera may be missing.
            elapsed_s: motion since the last moment, s.
            is_fast: whether that motion was fast.
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
        """Leave the current cells, see Cells."""
        for cells in self._spaces:
            cells.leave()

    def avoid(self, place: FloatArray) -> None:
        """Count the cells of a place (D,) as costly, see Cells."""
        for cells in self._spaces:
            cells.avoid(place)

    @property
    def body(self) -> float:
        """Share of the required cell visits that were made."""
        return sum(cells.share for cells in self._spaces) / len(self._spaces)

    @property
    def views(self) -> int:
        """Number of new images, over all cameras."""
        return sum(map(len, self._views.values()))

    @property
    def body_growth(self) -> float | None:
        """Growth of `body` within the last minute; None before the first minute."""
        total = self.cells.total * len(self._spaces)
        return None if self._body.lately is None else self._body.lately / total

    @property
    def view_growth(self) -> float | None:
        """Share of `views` from the last minute; None before the first minute, and without cameras."""
        if not self._views or self._seen.lately is None:
            return None
        return self._seen.lately / max(1, self.views)

    def has_ended(self, least: float) -> bool:
        """Return whether body and camera coverage grew by less than a share within the last minute."""
        body, views = self.body_growth, self.view_growth
        return body is not None and body < least and (views is None or views < least)

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs, ready for JSON."""
        views = {name: views.state() for name, views in self._views.items()}
        fast = {"fast": self.fast.state()} if len(self._spaces) > 1 else {}
        return {"moved_s": self.moved_s, "body": self.cells.state(), "views": views, **fast}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from the result of `state`; a new camera starts empty.

        Raises:
            ConfigError: the state is of another body, or damaged.
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
        self._body, self._seen = Growth(self._window_s), Growth(self._window_s)
