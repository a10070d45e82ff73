# SPDX-License-Identifier: Apache-2.0
"""What was covered so far, of the body's space and of what its cameras see, and whether that still grows."""

from __future__ import annotations

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
        cells: of the body's space.
        cameras: their names.
        radius: as for Views.
        most: as for Views.

    Attributes:
        cells: of the body's space.
        moved_s: time in motion, s.
        has_entered: whether the newest place is in another cell than the one before.
    """

    def __init__(self, cells: Cells, cameras: Sequence[str], radius: float, most: int) -> None:
        self.cells, self.moved_s, self.has_entered = cells, 0.0, False
        self._views = {name: Views(radius, most) for name in cameras}
        self._body, self._seen = Growth(), Growth()

    def see(self, place: FloatArray, observation: Observation, elapsed_s: float) -> None:
        """Take a moment.

        Args:
            place: of the body in its space (D,).
            observation: of all sensors; a camera may be missing.
            elapsed_s: motion since the last one, s.
        """
        self.moved_s += elapsed_s
        self.has_entered = self.cells.visit(place)
        for name, views in self._views.items():
            if name in observation.readings:
                views.see(observation[name].value)
        self._body.see(self.moved_s, self.cells.visited)
        self._seen.see(self.moved_s, self.views)

    @property
    def views(self) -> int:
        """Images that were new, of all cameras."""
        return sum(map(len, self._views.values()))

    @property
    def body_growth(self) -> float | None:
        """Cells visited for the first time within the last minute, share of all; None before a minute."""
        return None if self._body.lately is None else self._body.lately / self.cells.total

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
        return {"moved_s": self.moved_s, "body": self.cells.state(), "views": views}

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
        for name, kept in self._views.items():
            if name in views:
                kept.restore(views[name])
        self.moved_s = float(moved_s or 0.0)
        self._body, self._seen = Growth(), Growth()
