# SPDX-License-Identifier: Apache-2.0
"""A rosbag2 folder of MCAP files: split, bounded, and never written over another recording."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from ami_ros.errors import OutputError
from ami_ros.recordings.bags.bag_topic import BagTopic
from ami_ros.recordings.bags.mcap_output import McapOutput
from ami_ros.system.lock_file import only_one
from ami_ros.system.whole_file import write_whole

METADATA_FILE, INFORMATION = "metadata.yaml", "rosbag2_bagfile_information"
METADATA_VERSION = 9  # Source: rosbag2_storage/bag_metadata.hpp of Jazzy and Kilted
BAG_SUFFIXES = (".mcap", ".db3")
FILES = 10  # that share the space; when it is full, the oldest one is removed
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass
class _File:
    """State of one file of the bag."""

    name: str
    size: int = 0
    begin_ns: int = 0
    end_ns: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def entry(self) -> dict[str, object]:
        return {
            "path": self.name,
            "starting_time": {"nanoseconds_since_epoch": self.begin_ns},
            "duration": {"nanoseconds": self.end_ns - self.begin_ns},
            "message_count": self.counts.total(),
        }


class BagWriter:
    """Writes one recording.

    When the space is used up, the oldest file is removed and the recording goes on. As much is kept either
    way, and after an incident people look for what happened last.

    Args:
        folder: of the recording; it is created, or contains no recording yet.
        most_bytes: of all files together.
        compression: see `McapOutput`.
        about: further entries of the bag's metadata.

    Attributes:
        removed: files that were removed.

    Raises:
        InUseError: the folder is in use.
        OutputError: it contains a recording, or cannot be written.
    """

    def __init__(self, folder: Path, most_bytes: int, compression: str, about: Mapping[str, str]) -> None:
        self._folder, self._compression, self._about = folder, compression, dict(about)
        self._most_bytes, self._file_bytes = most_bytes, most_bytes // FILES
        self._topics: dict[str, BagTopic] = {}
        self._files: list[_File] = []
        self._number = self.removed = 0
        self._held = ExitStack()
        self._held.enter_context(only_one("record", folder))
        with ExitStack() as undo:
            undo.push(self._held)
            check_new_bag(folder)
            try:
                self._next_file()
                self._write_metadata()
            except (OSError, OutputError) as error:
                raise self._unwritable(error) from error
            undo.pop_all()

    @property
    def size(self) -> int:
        """Bytes in all files."""
        return sum(file.size for file in self._files[:-1]) + self._output.size

    @property
    def counts(self) -> Counter[str]:
        """Messages by topic, in the files that are still there."""
        return sum((file.counts for file in self._files), Counter())

    def write(self, topic: BagTopic, log_ns: int, publish_ns: int, data: bytes) -> None:
        """Take a message; see `McapOutput`."""
        self._topics.setdefault(topic.name, topic)
        self._output.write(topic, log_ns, publish_ns, data)
        file = self._files[-1]
        file.begin_ns = min(file.begin_ns, log_ns) if file.counts else log_ns
        file.end_ns = max(file.end_ns, log_ns)
        file.counts[topic.name] += 1

    def flush(self) -> None:
        """Write everything taken so far to disk; the next file may begin then, and the oldest be removed.

        Raises:
            OutputError: the disk is full or gone; its content stays readable, and nothing can be added.
        """
        try:
            self._output.flush()
            if self._output.size >= self._file_bytes:
                self._output.close()
                self._files[-1].size = self._output.size
                self._next_file()
            self._write_metadata()
        except (OSError, OutputError) as error:
            self._output.abandon()
            raise self._unwritable(error) from error

    def close(self) -> None:
        """Finish the files and release the folder. Raises OutputError: as `flush`."""
        with self._held:
            try:
                self._output.flush()
                self._output.close()
                self._write_metadata()
            except (OSError, OutputError) as error:
                raise self._unwritable(error) from error

    def abandon(self) -> None:
        """Release the folder after an error, as the last flush left it."""
        self._output.abandon()
        self._held.close()

    def _next_file(self) -> None:
        name = f"{self._folder.resolve().name}_{self._number}.mcap"
        self._output = McapOutput(self._folder / name, self._compression)
        self._number += 1
        self._files.append(_File(name))
        # The newest will grow as large as the others.
        while sum(file.size for file in self._files) + self._file_bytes > self._most_bytes:
            (self._folder / self._files.pop(0).name).unlink(missing_ok=True)
            self.removed += 1

    def _write_metadata(self) -> None:
        content: str = yaml.dump(self._metadata(), Dumper=_DUMPER, sort_keys=False)
        write_whole(self._folder / METADATA_FILE, content)

    def _metadata(self) -> dict[str, object]:
        files = [file for file in self._files if file.counts] or self._files[-1:]
        counts = self.counts
        begin_ns, end_ns = min(file.begin_ns for file in files), max(file.end_ns for file in files)
        topics = [
            {
                "topic_metadata": {
                    "name": topic.name,
                    "type": topic.type,
                    "serialization_format": "cdr",
                    "offered_qos_profiles": [dict(offer) for offer in topic.qos],
                    "type_description_hash": topic.type_hash,
                },
                "message_count": counts[topic.name],
            }
            for topic in self._topics.values()
        ]
        return {
            INFORMATION: {
                "version": METADATA_VERSION,
                "storage_identifier": "mcap",
                "duration": {"nanoseconds": end_ns - begin_ns},
                "starting_time": {"nanoseconds_since_epoch": begin_ns},
                "message_count": counts.total(),
                "topics_with_message_count": topics,
                "compression_format": "",  # of whole files or messages: MCAP's chunks are neither
                "compression_mode": "",
                "relative_file_paths": [file.name for file in files],
                "files": [file.entry() for file in files],
                "custom_data": self._about,
                "ros_distro": os.environ.get("ROS_DISTRO", "unknown"),
            }
        }

    def _unwritable(self, error: OSError | OutputError) -> OutputError:
        cause = error.__cause__ if isinstance(error, OutputError) else error
        why = getattr(cause, "strerror", None) or str(error)
        return OutputError(
            f"{self._folder}: cannot be written ({why}); everything recorded so far is intact. Expected a "
            "writable folder on a disk with free space"
        )


def check_new_bag(folder: Path) -> None:
    """Check that a folder contains no recording. Raises OutputError: it does."""
    found = sorted(path.name for path in folder.iterdir() if _of_a_bag(path)) if folder.is_dir() else []
    if found:
        raise OutputError(
            f"{folder}: holds a recording ({', '.join(found[:3])}), expected an empty or a new folder; a "
            "recording is never overwritten"
        )


def _of_a_bag(path: Path) -> bool:
    return path.name == METADATA_FILE or bool({*BAG_SUFFIXES} & {*path.suffixes})
