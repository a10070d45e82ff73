# SPDX-License-Identifier: Apache-2.0
"""A recording under way: messages go through a bounded queue to a thread that writes them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from ami_ros.errors import AmiError, OutputError
from ami_ros.recordings.bags.bag_topic import BagTopic
from ami_ros.recordings.bags.bag_writer import BagWriter


class _Message(NamedTuple):
    topic: BagTopic
    log_ns: int
    publish_ns: int
    data: bytes


@dataclass(frozen=True)
class RecordingStatus:
    """Progress of a recording.

    Attributes:
        size: bytes of all files.
        counts: messages by topic, in the files that still exist.
        dropped: messages by topic for which the queue had no room.
        waiting: bytes in the queue.
        removed: files removed to make room.
    """

    size: int
    counts: Counter[str]
    dropped: Counter[str]
    waiting: int
    removed: int


class Recording:
    """Takes messages and never waits for the disk.

    Args:
        writer: of the bag.
        most_waiting: bytes in the queue; what does not fit is dropped and counted.
        flush_s: a message is on disk after at most this time plus the time of the write.

    Attributes:
        failure: why writing stopped; None while all is well.
    """

    def __init__(self, writer: BagWriter, most_waiting: int, flush_s: float) -> None:
        self._writer, self._most_waiting, self._flush_s = writer, most_waiting, flush_s
        self._changed = threading.Condition()
        self._queue: list[_Message] = []
        self._waiting = 0
        self._dropped: Counter[str] = Counter()
        self._ending = False
        self.failure: AmiError | None = None
        self._status = self._look()
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    def put(self, topic: BagTopic, log_ns: int, publish_ns: int, data: bytes) -> None:
        """Take a serialised message, or count it as dropped.

        Args:
            topic: topic that it was published on.
            log_ns: when it arrived.
            publish_ns: when it was published.
            data: CDR.
        """
        with self._changed:
            if self.failure is not None or self._waiting + len(data) > self._most_waiting:
                self._dropped[topic.name] += 1
                return
            self._queue.append(_Message(topic, log_ns, publish_ns, data))
            self._waiting += len(data)

    @property
    def status(self) -> RecordingStatus:
        """Progress as of the last flush."""
        return self._status

    def close(self) -> RecordingStatus:
        """Write the queue, finish the bag, and return the final status.

        Raises:
            OutputError: the disk is full or gone, now or before.
        """
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join()
        self._status = self._look()
        if self.failure is not None:
            raise self.failure
        return self._status

    def _run(self) -> None:
        try:
            while not self._turn():
                pass
            self._writer.close()
        except Exception as error:
            # An unforeseen error ends the recording, too, and is reported in `failure`.
            known = error if isinstance(error, AmiError) else OutputError(f"recording: {error!r}")
            with self._changed:
                self.failure = known
            self._writer.abandon()

    def _turn(self) -> bool:
        """Write what arrived within `flush_s`; return whether that was the last of it."""
        due = time.monotonic() + self._flush_s
        ending = False
        while not ending and (left := due - time.monotonic()) > 0.0:
            with self._changed:
                self._changed.wait_for(lambda: self._ending, min(left, 0.25 * self._flush_s))
                ending, batch, self._queue = self._ending, self._queue, []
            for message in batch:
                self._writer.write(*message)
            with self._changed:
                self._waiting -= sum(len(message.data) for message in batch)
        self._writer.flush()
        self._status = self._look()
        return ending

    def _look(self) -> RecordingStatus:
        with self._changed:
            dropped, waiting = self._dropped.copy(), self._waiting
        return RecordingStatus(self._writer.size, self._writer.counts, dropped, waiting, self._writer.removed)
