# SPDX-License-Identifier: Apache-2.0
"""A common time for recordings whose time restarts: when a simulator resets, and in each further bag."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from ami_ros.errors import ObservationError

BACK_NS = 1_000_000_000  # a stamp older than the one before it on its topic by this much belongs to a new run
BREAK_NS = 10_000_000_000  # between two runs, so that nothing spans them
PAUSE_NS = 3_600_000_000_000  # time also restarts after a longer one: a clock was set, perhaps by decades


@dataclass
class _Run:
    """A stretch of continuous time.

    Attributes:
        shift_ns: from stamps to the common time.
        latest_ns: newest stamp of its sensors.
        end_ns: in the common time, once another run has begun.
    """

    shift_ns: int
    latest_ns: int | None = None
    end_ns: int | None = None


@dataclass
class _Clock:
    """Clock of one topic.

    Attributes:
        run: current run of the topic.
        newest_ns: its newest stamp there.
        leads: whether it belongs to a sensor.
        lead_ns: how far it was ahead of all other sensors.
        ahead_ns: its newest stamp since it jumped ahead.
        lost: it went back, and no sensor did.
    """

    run: int
    newest_ns: int
    leads: bool
    lead_ns: int = 0
    ahead_ns: int | None = None
    lost: bool = False

    def goes_back(self, stamp_ns: int) -> bool:
        """Return whether a stamp is so old that time has restarted."""
        return stamp_ns < self.newest_ns - BACK_NS


class Timeline:
    """Puts runs one after another.

    A run begins with the first sensor that goes back, or ahead by more than `PAUSE_NS` with the others. Any
    other topic follows as soon as its stamp is near the newest one of the run. Until then it is refused,
    because the relation of the two clocks is unknown. A topic that jumps ahead alone is refused, too.

    Attributes:
        breaks: times between two runs, ns.
    """

    def __init__(self) -> None:
        self.breaks: list[int] = []
        self._runs = [_Run(shift_ns=0)]
        self._clocks: dict[str, _Clock] = {}
        self._first = 0  # first run of this recording
        self._leader = ""
        self._end_ns: int | None = None
        self._begins = False

    def at(self, topic: str, stamp_ns: int, leads: bool = True) -> int:
        """Return the common time of a message, ns.

        Args:
            topic: of the message.
            stamp_ns: of the message.
            leads: a sensor, which may begin a run; sources of actions only follow.

        Raises:
            ObservationError: time restarted, and this topic did not follow; or it went back alone, or jumped
                ahead alone.
        """
        run = self._runs[self._run_of(topic, stamp_ns, leads)]
        if leads or run.latest_ns is None:
            run.latest_ns = stamp_ns if run.latest_ns is None else max(run.latest_ns, stamp_ns)
        time_ns = stamp_ns + run.shift_ns
        if run.end_ns is not None and time_ns > run.end_ns + BACK_NS:  # messages in transit may arrive
            raise self._stays(topic)
        self._end_ns = time_ns if self._end_ns is None else max(self._end_ns, time_ns)
        return time_ns

    def run_at(self, time_ns: int) -> int:
        """Return the number of the run at a moment, from 0."""
        return bisect_right(self.breaks, time_ns)

    def begin_again(self) -> None:
        """Let the next message begin a run, as in another bag."""
        self._begins = True
        self._clocks.clear()

    def _run_of(self, topic: str, stamp_ns: int, leads: bool) -> int:
        """Return the run of a message, which may be a new one."""
        current, clock = len(self._runs) - 1, self._clocks.get(topic)
        run = self._first if clock is None else clock.run
        back = clock is not None and clock.goes_back(stamp_ns)
        if self._begins and self._end_ns is not None:
            self._first = run = self._begin(topic, stamp_ns)
        elif run < current and self._apart(stamp_ns, current) < min(BACK_NS, self._apart(stamp_ns, run)):
            run, clock = current, None
        elif back and leads:
            run, clock = self._begin(topic, stamp_ns), None
        elif self._apart(stamp_ns, run) > BACK_NS:
            if run < current:
                raise self._stays(topic)
            if clock is not None:
                self._check_with_others(topic, clock, stamp_ns)
                if leads and stamp_ns > (self._runs[run].latest_ns or 0) + PAUSE_NS:
                    run, clock = self._begin(topic, stamp_ns), None
        self._begins = False
        if clock is None:
            clock = self._clocks[topic] = _Clock(run, stamp_ns, leads)
        clock.newest_ns, clock.ahead_ns, clock.lost = max(clock.newest_ns, stamp_ns), None, False
        if (others := self._newest_of_others(topic, run)) is not None:
            clock.lead_ns = stamp_ns - others
        return run

    def _check_with_others(self, topic: str, clock: _Clock, stamp_ns: int) -> None:
        """Raise ObservationError where a topic goes back, or jumps ahead, and the other sensors do not."""
        if clock.lost or clock.goes_back(stamp_ns):
            clock.lost = True
            raise ObservationError(
                f"stamp: that of {topic} went back, expected those of the other sensors to go back"
            )
        others = self._newest_of_others(topic, clock.run)
        if others is None or stamp_ns <= clock.newest_ns + BACK_NS:
            return
        if stamp_ns - others > clock.lead_ns + BACK_NS:
            clock.ahead_ns = stamp_ns
            raise ObservationError(
                f"stamp: that of {topic} jumped ahead, expected those of the other sensors to jump"
            )

    def _newest_of_others(self, topic: str, run: int) -> int | None:
        """Return the newest stamp of all other sensors in a run, those ahead included; None without any."""
        others = [it for name, it in self._clocks.items() if it.leads and it.run == run and name != topic]
        return max((it.newest_ns if it.ahead_ns is None else it.ahead_ns for it in others), default=None)

    def _begin(self, topic: str, stamp_ns: int) -> int:
        end_ns = self._end_ns or 0
        self._runs[-1].end_ns = end_ns
        self._leader = topic
        self._runs.append(_Run(end_ns + BREAK_NS - stamp_ns, latest_ns=stamp_ns))
        self.breaks.append(end_ns + BREAK_NS // 2)  # stamps may be out of order or corrected later
        return len(self._runs) - 1

    def _stays(self, topic: str) -> ObservationError:
        return ObservationError(
            f"stamp: time of {self._leader} restarted, expected that of {topic} to restart"
        )

    def _apart(self, stamp_ns: int, run: int) -> int:
        """Return the distance of a stamp from the newest one of a run, ns."""
        latest_ns = self._runs[run].latest_ns
        return 0 if latest_ns is None else abs(stamp_ns - latest_ns)
