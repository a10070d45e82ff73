# SPDX-License-Identifier: Apache-2.0
"""A recording on disk: a rosbag2 folder or one of its files, MCAP or SQLite, plain or packed with zstd."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import zstandard
from rosbags.rosbag2 import Reader

from ami_ros.data.bags.bag_message import BagMessage, FoundTopic
from ami_ros.data.bags.bag_writer import BAG_SUFFIXES
from ami_ros.data.bags.mcap_input import DAMAGE, mcap_topics, read_mcap
from ami_ros.errors import EpisodeError
from ami_ros.system.temporary_space import temporary_space

COMPRESSED_SUFFIX = ".zstd"
# With which a message begins that is compressed by itself; CDR begins with a zero. The metadata would say so,
# but a recording that was cut off may have none. Source: RFC 8878, section 3.1.1.
ZSTD = bytes.fromhex("28b52ffd")
_NUMBER = re.compile(r"(\d+)(?=\.\w+(\.zstd)?$)")  # rosbag2 counts the files of a bag


class Bag:
    """One recording.

    Args:
        path: a folder, or one file.

    Attributes:
        problems: what could not be read so far, for people.

    Raises:
        EpisodeError: there is no recording.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []
        self._files = sorted(path.iterdir(), key=_order) if path.is_dir() else [path]
        self._files = [file for file in self._files if file.is_file() and _is_bag_file(file)]
        if not self._files:
            raise EpisodeError(
                f"{path}: no recording; expected a rosbag2 folder, or a file that ends in "
                f"{', '.join(BAG_SUFFIXES)}, perhaps with {COMPRESSED_SUFFIX} after it"
            )

    def topics(self) -> list[FoundTopic]:
        """Return the topics with their numbers of messages, sorted by name; may have to read everything.

        Raises:
            EpisodeError: nothing can be read; says why.
        """
        counts: Counter[tuple[str, str]] = Counter()
        problems: list[str] = []
        for file in self._files:
            with _unpacked(file, problems.append) as plain:
                found = mcap_topics(plain) if plain.suffix == ".mcap" else None
                if found is None:
                    counts.update((m.topic, m.type) for m in _messages(plain, problems.append))
                else:
                    counts.update({(topic.name, topic.type): topic.messages for topic in found})
        if not counts and problems:
            raise EpisodeError(f"{self.path}: nothing of it can be read: {'; '.join(problems)}")
        return [FoundTopic(*which, count) for which, count in sorted(counts.items())]

    def messages(self) -> Iterator[BagMessage]:
        """Yield all messages, file by file."""
        tell = self.problems.append
        for file in self._files:
            with _unpacked(file, tell) as plain:
                for message in _messages(plain, tell):
                    if message.data[:4] == ZSTD:
                        try:
                            data = zstandard.ZstdDecompressor().decompressobj().decompress(message.data)
                        except DAMAGE as error:
                            tell(f"{file.name}: a message of {message.topic} is damaged: {error}")
                            continue
                        message = message._replace(data=data)
                    yield message


def _is_bag_file(path: Path) -> bool:
    return Path(path.name.removesuffix(COMPRESSED_SUFFIX)).suffix in BAG_SUFFIXES


def _order(path: Path) -> tuple[int, str]:
    number = _NUMBER.search(path.name)
    return int(number[1]) if number else -1, path.name


@contextmanager
def _unpacked(path: Path, tell: Callable[[str], object]) -> Iterator[Path]:
    """Give the file itself, or what is in a compressed one, up to where it is cut off."""
    if path.suffix != COMPRESSED_SUFFIX:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="ami_ros_") as folder:
        plain = Path(folder, path.stem)
        with path.open("rb") as packed, temporary_space(), plain.open("wb") as file:
            try:
                zstandard.ZstdDecompressor().copy_stream(packed, file)
            except zstandard.ZstdError as error:
                tell(f"{path.name}: cut off or damaged: {error}")
        yield plain


@contextmanager
def _without_signs(path: Path) -> Iterator[Path]:
    """Give a path to the same file without what means something in a URI, as which SQLite is opened."""
    if not set("#?%") & set(str(path)):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="ami_ros_") as folder:
        link = Path(folder, f"bag{path.suffix}")
        link.symlink_to(path.resolve())
        yield link


def _messages(path: Path, tell: Callable[[str], object]) -> Iterator[BagMessage]:
    if path.suffix == ".mcap":
        yield from read_mcap(path, tell)
        return
    try:
        with _without_signs(path) as plain, Reader(plain) as reader:
            for connection, log_ns, data in reader.messages():
                yield BagMessage(connection.topic, connection.msgtype, log_ns, bytes(data))
    except Exception as error:  # rosbags, SQLite and YAML raise a dozen kinds on damaged files
        tell(f"{path.name}: cannot be read any further: {error}")
