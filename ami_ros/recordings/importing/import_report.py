# SPDX-License-Identifier: Apache-2.0
"""What an import found and created: for people, and as JSON next to the data."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from ami_ros.recordings.importing.clock_offset import ClockOffset
from ami_ros.recordings.importing.track import Times, TopicHealth

MOST_CHANNELS = 3  # in one message
REPORT_FILE, PLOT_FILE = "import_report.json", "import_report.png"


class Span(NamedTuple):
    """A stretch of the recording, s from its beginning; its use, or the reason why it is not used."""

    begin_s: float
    end_s: float
    reason: str


@dataclass
class ImportReport:
    """One import.

    Attributes:
        recordings: that were read.
        problems: what could not be read.
        notes: what people should check.
        topics: role (a sensor, "commands", ...) -> how well its topic was recorded.
        offsets: camera -> delay of its stamps; None if unknown.
        corrected: whether the offsets were subtracted.
        actions_from: actions, proposals, commands or motion.
        actions_known: source -> share of the usable steps whose action it knows, for the sources tried.
        beyond: channels with actions out of range: the worst value, the range, and the likely cause.
        step_s: length of a control step.
        duration_s: of everything read.
        used: the stretches that became episodes.
        dropped: the others, with the reason.
        episodes: written.
        episode_steps: control steps in each.
    """

    recordings: list[str]
    step_s: float
    episode_steps: int
    topics: dict[str, TopicHealth] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    offsets: dict[str, ClockOffset | None] = field(default_factory=dict)
    corrected: bool = False
    actions_from: str = ""
    actions_known: dict[str, float] = field(default_factory=dict)
    beyond: list[str] = field(default_factory=list)
    duration_s: float = 0.0
    used: list[Span] = field(default_factory=list)
    dropped: list[Span] = field(default_factory=list)
    episodes: int = 0

    @property
    def used_s(self) -> float:
        """Seconds that training will use."""
        return self.episodes * self.episode_steps * self.step_s

    def dropped_s(self) -> dict[str, float]:
        """Return the unused seconds by reason, the most first."""
        total: dict[str, float] = {}
        for span in self.dropped:
            total[span.reason] = total.get(span.reason, 0.0) + span.end_s - span.begin_s
        return dict(sorted(total.items(), key=lambda item: -item[1]))

    def why_nothing(self) -> str:
        """Return why no episode was created, for people."""
        reasons = ", ".join(f"{seconds:.1f} s {reason}" for reason, seconds in self.dropped_s().items())
        return "; ".join(self.beyond[:MOST_CHANNELS]) or reasons or "the recording is too short"

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON-compatible values."""
        return {
            **asdict(self),
            "offsets": {
                camera: None if offset is None else {**asdict(offset), "sure": offset.sure}
                for camera, offset in self.offsets.items()
            },
            "used": [span._asdict() for span in self.used],
            "dropped": [span._asdict() for span in self.dropped],
            "used_s": self.used_s,
            "dropped_s": self.dropped_s(),
        }


def spans_of(times: Times, reasons: Sequence[str], begin_ns: int) -> list[Span]:
    """Return stretches of steps with the same reason, from the times of N moments and N - 1 reasons."""
    spans = []
    for reason, group in itertools.groupby(range(len(reasons)), key=lambda step: reasons[step]):
        steps = list(group)
        begin_s, end_s = ((int(times[at]) - begin_ns) / 1e9 for at in (steps[0], steps[-1] + 1))
        spans.append(Span(begin_s, end_s, reason))
    return spans
