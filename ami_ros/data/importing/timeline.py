# SPDX-License-Identifier: Apache-2.0
"""One time for recordings in which time begins again: after a reset of a simulator, and in each next bag."""

from __future__ import annotations

from ami_ros.errors import ObservationError

BACK_NS = 1_000_000_000  # a stamp so much older than the one before it on its topic is of a new run
BREAK_NS = 10_000_000_000  # between two runs, so that nothing goes from one into the other


class Timeline:
    """Puts runs one after the other.

    A run begins with the first sensor that goes back. Any other topic follows as soon as its stamp is near
    the newest one of the run. Until then it is refused: nobody knows how two clocks go together. So is one
    that jumps ahead alone; where nothing was recorded for a while, all of them do.

    Attributes:
        breaks: times between two runs, ns.
    """

    def __init__(self) -> None:
        self.breaks: list[int] = []
        self._shifts: list[int] = [0]
        self._ends: list[int] = []  # of all runs but the newest, in the one time
        self._latest: list[int | None] = [None]  # of each run the newest stamp of its sensors
        self._newest: dict[str, int] = {}  # topic -> its newest stamp in its run
        self._run: dict[str, int] = {}
        self._lost: set[str] = set()  # what went back without any sensor
        self._sensors: set[str] = set()
        self._leads: dict[str, int] = {}  # topic -> how far it was ahead of all other sensors, ns
        self._ahead: dict[str, int] = {}  # topic -> its newest stamp since it jumped ahead
        self._first = 0  # run of this recording
        self._leader = ""
        self._end_ns: int | None = None
        self._begins = False

    def at(self, topic: str, stamp_ns: int, leads: bool = True) -> int:
        """Return where on the one time a message is, ns.

        Args:
            topic: that it was said on.
            stamp_ns: of the message.
            leads: a sensor, with which a run may begin; what tells of actions only follows.

        Raises:
            ObservationError: time began again, and this topic did not follow; or it went back alone, or
                jumped ahead alone.
        """
        run = self._run_of(topic, stamp_ns, leads)
        latest = self._latest[run]
        if leads or latest is None:
            self._latest[run] = stamp_ns if latest is None else max(latest, stamp_ns)
        time_ns = stamp_ns + self._shifts[run]
        if run < len(self._ends) and time_ns > self._ends[run] + BACK_NS:  # what was on its way may arrive
            raise self._stays(topic)
        self._end_ns = time_ns if self._end_ns is None else max(self._end_ns, time_ns)
        return time_ns

    def _run_of(self, topic: str, stamp_ns: int, leads: bool) -> int:
        """Return the run that a message is of, which may be a new one."""
        current, newest = len(self._shifts) - 1, self._newest.get(topic)
        run = self._run.get(topic, self._first)
        back = newest is not None and stamp_ns < newest - BACK_NS
        if self._begins and self._end_ns is not None:
            self._first = run = self._begin(topic, stamp_ns)
        elif run < current and self._apart(stamp_ns, current) < min(BACK_NS, self._apart(stamp_ns, run)):
            run, newest = current, None
        elif back and leads:
            run, newest = self._begin(topic, stamp_ns), None
        elif self._apart(stamp_ns, run) > BACK_NS:
            if run < current:
                raise self._stays(topic)
            if back or topic in self._lost:
                self._lost.add(topic)
                raise ObservationError(f"stamp: that of {topic} went back, expected the sensors' to, too")
            if newest is not None and stamp_ns > newest + BACK_NS and self._jumps(topic, stamp_ns, run):
                self._ahead[topic] = stamp_ns
                raise ObservationError(f"stamp: that of {topic} jumped ahead, expected the sensors' to, too")
        self._lost.discard(topic)
        self._ahead.pop(topic, None)
        self._begins = False
        self._run[topic] = run
        self._newest[topic] = stamp_ns if newest is None else max(newest, stamp_ns)
        if leads:
            self._sensors.add(topic)
        if (others := self._newest_other(topic, run)) is not None:
            self._leads[topic] = stamp_ns - others
        return run

    def _jumps(self, topic: str, stamp_ns: int, run: int) -> bool:
        """Return whether a topic is further ahead than it was of the others, those that jumped included."""
        others = self._newest_other(topic, run)
        return others is not None and stamp_ns - others > self._leads.get(topic, 0) + BACK_NS

    def _newest_other(self, topic: str, run: int) -> int | None:
        """Return the newest stamp of all other sensors in a run; None without any."""
        others = [one for one in self._sensors if one != topic and self._run.get(one) == run]
        return max((self._ahead.get(one, self._newest[one]) for one in others), default=None)

    def begin_again(self) -> None:
        """Let the next message begin a run, as that of another bag."""
        self._begins = True
        self._newest.clear()
        self._run.clear()
        self._lost.clear()
        self._leads.clear()
        self._ahead.clear()

    def _begin(self, topic: str, stamp_ns: int) -> int:
        end_ns = self._end_ns or 0
        begin_ns = end_ns + BREAK_NS
        self._leader = topic
        self._ends.append(end_ns)
        self._shifts.append(begin_ns - stamp_ns)
        self._latest.append(stamp_ns)
        self.breaks.append(end_ns + BREAK_NS // 2)  # stamps are not quite in order, and may be corrected
        return len(self._shifts) - 1

    def _stays(self, topic: str) -> ObservationError:
        return ObservationError(f"stamp: time of {self._leader} began again, expected that of {topic}, too")

    def _apart(self, stamp_ns: int, run: int) -> int:
        """Return how far a stamp is from the newest one of a run, ns."""
        latest = self._latest[run]
        return 0 if latest is None else abs(stamp_ns - latest)
