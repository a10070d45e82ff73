# SPDX-License-Identifier: Apache-2.0
"""A recording on disk: a rosbag2 folder or one of its files, MCAP or SQLite, plain or packed with zstd."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import zstandard

from ami_ros.errors import EpisodeError
from ami_ros.recordings.bags.bag_message import MOST_MESSAGE_BYTES, BagMessage, FoundTopic
from ami_ros.recordings.bags.bag_writer import BAG_SUFFIXES
from ami_ros.recordings.bags.mcap_input import DAMAGE, mcap_topics, read_mcap
from ami_ros.recordings.bags.sqlite_input import read_sqlite
from ami_ros.recordings.bags.unpacking import Allowance, most_unpacked, unpacked_zstd, zstd_pieces
from ami_ros.recordings.problems import few_lines
from ami_ros.system.regular_file import open_regular
from ami_ros.system.temporary_space import temporary_space

COMPRESSED_SUFFIX = ".zstd"
# A message that is compressed by itself begins with this; CDR begins with a zero. The metadata would report
# it, but a recording that was cut off may have none. Source: RFC 8878, section 3.1.1.
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
        try:
            there = sorted(path.iterdir(), key=_order) if path.is_dir() else [path]
            there = [file for file in there if _is_bag_file(file)]
            self._files = [file for file in there if file.is_file()]
        except OSError as error:
            raise EpisodeError(f"{path}: cannot be read ({error.strerror or error})") from error
        self.problems = [f"{file.name}: not a regular file" for file in there if file not in self._files]
        if not self._files:
            raise EpisodeError(
                f"{path}: not a recording; expected a rosbag2 folder, or a file that ends in "
                f"{', '.join(BAG_SUFFIXES)}, perhaps with {COMPRESSED_SUFFIX} after it"
            )

    def topics(self) -> list[FoundTopic]:
        """Return the topics with their numbers of messages, sorted by name; may read everything.

        Raises:
            EpisodeError: nothing can be read; gives the reason.
        """
        counts: Counter[tuple[str, str]] = Counter()
        problems: list[str] = []
        for file in self._files:
            with _unpacked(file, problems.append) as plain:
                found = mcap_topics(plain) if plain.suffix == ".mcap" else None
                if found is None:
                    messages = _messages(plain, file, problems.append)
                    counts.update((message.topic, message.type) for message in messages)
                else:
                    counts.update({(topic.name, topic.type): topic.messages for topic in found})
        if not counts and problems:
            raise EpisodeError(f"{self.path}: cannot be read: {'; '.join(problems)}")
        return [FoundTopic(*which, count) for which, count in sorted(counts.items())]

    def messages(self) -> Iterator[BagMessage]:
        """Yield all messages, file by file."""
        tell = self.problems.append
        for file in self._files:
            with _unpacked(file, tell) as plain, few_lines(file.name, tell) as note:
                yield from _plain(_messages(plain, file, tell), note)


def _plain(messages: Iterator[BagMessage], note: Callable[[str], object]) -> Iterator[BagMessage]:
    """Yield messages uncompressed, whether they were compressed or not."""
    packed_bytes = unpacked_bytes = 0
    for message in messages:
        if message.data[:4] == ZSTD:
            try:
                data = unpacked_zstd(message.data, MOST_MESSAGE_BYTES)
            except DAMAGE as error:
                note(f"a message of {message.topic} is damaged: {error}")
                continue
            packed_bytes, unpacked_bytes = packed_bytes + len(message.data), unpacked_bytes + len(data)
            if unpacked_bytes > (most := most_unpacked(packed_bytes)):
                note(f"messages of {packed_bytes} bytes unpack to more than {most}; the rest is left out")
                return
            message = message._replace(data=data)
        yield message


def _is_bag_file(path: Path) -> bool:
    return Path(path.name.removesuffix(COMPRESSED_SUFFIX)).suffix in BAG_SUFFIXES


def _order(path: Path) -> tuple[int, str]:
    number = _NUMBER.search(path.name)
    return int(number[1]) if number else -1, path.name


@contextmanager
def _unpacked(path: Path, tell: Callable[[str], object]) -> Iterator[Path]:
    """Yield the path of the file itself, or of the content of a compressed one up to where it is cut off."""
    if path.suffix != COMPRESSED_SUFFIX:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="ami_ros_") as folder:
        plain = Path(folder, path.stem)
        with open_regular(path) as packed, temporary_space(), plain.open("wb") as file:
            most = min(most_unpacked(path.stat().st_size), shutil.disk_usage(folder).free // 2)
            try:
                for piece in zstd_pieces(packed):
                    if file.tell() + len(piece) > most:
                        tell(
                            f"{path.name}: unpacks to more than {most} bytes, expected at most the limit of "
                            f"a recording and half of the free space in {folder}; the rest is left out"
                        )
                        break
                    file.write(piece)
            except zstandard.ZstdError as error:
                tell(f"{path.name}: cut off or damaged: {error}")
        yield plain


def _messages(plain: Path, file: Path, tell: Callable[[str], object]) -> Iterator[BagMessage]:
    """Yield the messages of a file, read from its unpacked copy."""
    packed_bytes = file.stat().st_size if plain != file else None
    if plain.suffix == ".mcap":
        yield from read_mcap(plain, tell, packed_bytes)
    elif packed_bytes is None:
        yield from read_sqlite(plain, tell)
    else:
        allowance = Allowance(packed_bytes)
        try:
            for message in read_sqlite(plain, tell):
                allowance.take_record()
                yield message
        except EpisodeError as error:
            tell(f"{plain.name}: {error}; the rest is left out")
