# SPDX-License-Identifier: Apache-2.0
"""Where the episodes of a LeRobotDataset are, from meta/episodes; contradictory entries are not used.

In v3, meta/episodes/ says in which files each episode is; in v2, meta/episodes.jsonl has its length, and its
number is that of its files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ami_ros.errors import shown
from ami_ros.recordings.lerobot.layout import EPISODE, OLD_EPISODES, V3, FilePlace, Layout, filled
from ami_ros.recordings.lerobot.lfs_pointer import ADVICE, is_pointer
from ami_ros.recordings.lerobot.moved_videos import MovedVideos
from ami_ros.recordings.lerobot.parquet_input import ParquetInput
from ami_ros.recordings.problems import few_lines
from ami_ros.settings.strict_text import parse_json
from ami_ros.system.regular_file import read_regular

MOST_NUMBER = 2**31 - 1  # of an episode, a file or a frame
MOST_S = 1e6  # of a video, or of an episode: 11 days
# Frames by which an episode's stretch of a video may be longer or shorter than the episode: containers
# round, and may or may not count the last frame.
TOLERANCE = 1.5
BATCH = 1000  # rows that are held in memory
MOST_LIST_BYTES = 2**26  # of meta/episodes.jsonl: half a million episodes
_PLACE = ("chunk_index", "file_index")
_SPAN = ("from_timestamp", "to_timestamp")


class VideoPlace(NamedTuple):
    """Where the pictures of an episode are: a file, and the start and end time in it."""

    path: str
    from_s: float
    to_s: float


class EpisodePlace(NamedTuple):
    """Where an episode is.

    Attributes:
        data: its file.
        length: its number of rows.
        videos: feature -> where its pictures are.
    """

    data: str
    length: int
    videos: dict[str, VideoPlace]


def read_places(
    folder: Path,
    videos: Sequence[str],
    fps: float,
    tell: Callable[[str], object],
    layout: Layout = V3,
) -> Mapping[int, EpisodePlace]:
    """Return number -> where it is, for episodes that are listed once and without contradiction.

    Args:
        folder: of the data set.
        videos: its features that are videos.
        fps: its frames per second.
        tell: receives what is not used.
        layout: of its files.
    """
    pattern = OLD_EPISODES if layout.is_old else "meta/episodes/*/*.parquet"
    files = sorted(folder.glob(pattern))
    if not files:
        tell("meta/episodes: missing; without it, the start of each episode in a video is unknown")
    read = _read_list if layout.is_old else _read
    places: dict[int, EpisodePlace] = {}
    times: Counter[int] = Counter()
    for file in files:
        with few_lines(file.relative_to(folder).as_posix(), tell) as note:
            if is_pointer(file):
                note(ADVICE)
                continue
            for number, place in read(file, videos, layout, fps, note):
                places[number] = place
                times[number] += 1
    if twice := sorted(number for number, count in times.items() if count > 1):
        tell(
            f"meta/episodes: lists episodes {shown(twice)} more than once, expected once; all of these "
            "entries are ignored"
        )
    places = {number: place for number, place in places.items() if times[number] == 1}
    for video in videos:
        _leave_out_contradictions(places, video, fps, tell)
    _find_moved(folder, places, videos, tell, layout)
    return places


def _read_list(
    file: Path, videos: Sequence[str], layout: Layout, fps: float, note: Callable[[str], object]
) -> Iterator[tuple[int, EpisodePlace]]:
    """Read meta/episodes.jsonl of v2: a line per episode, whose number is that of its files."""
    try:
        lines = read_regular(file, MOST_LIST_BYTES).splitlines()
    except OSError as error:
        note(f"cannot be read: {one_line(error)}")
        return
    for line in filter(bytes.strip, lines):
        try:
            row = parse_json(line)
            if not isinstance(row, dict):
                raise ValueError(f"got {shown(row)}, expected a mapping")
            number, length = _whole(row, EPISODE), _whole(row, "length")
        except ValueError as error:
            note(f"a row is left out: {one_line(error)}")
            continue
        numbers = layout.of_episode(number)
        pictures = {
            video: VideoPlace(filled(layout.videos, numbers, video), 0.0, length / fps) for video in videos
        }
        yield number, EpisodePlace(filled(layout.data, numbers), length, pictures)


def _find_moved(
    folder: Path,
    places: Mapping[int, EpisodePlace],
    videos: Sequence[str],
    tell: Callable[[str], object],
    layout: Layout,
) -> None:
    """Look for videos that are not where the template says, and take those that can only be meant."""
    moved = MovedVideos(folder, videos, layout.is_old)
    for place in places.values():
        for video, there in place.videos.items():
            if not (folder / there.path).exists() and (found := moved.find(there.path, video)):
                place.videos[video] = there._replace(path=found)
    for line in moved.found():
        tell(line)


def _read(
    file: Path, videos: Sequence[str], layout: Layout, fps: float, note: Callable[[str], object]
) -> Iterator[tuple[int, EpisodePlace]]:
    names = [EPISODE, "length", *(f"data/{part}" for part in _PLACE)]
    names += [f"videos/{video}/{part}" for video in videos for part in (*_PLACE, *_SPAN)]
    try:
        with ParquetInput(file) as parquet:
            columns = {name: 1 for name in names if name in parquet.names}
            if EPISODE not in columns:
                note(f"has no {EPISODE}, so none of its rows are usable")
                return
            for group in range(parquet.groups):
                for batch in parquet.batches(group, columns, BATCH):
                    for row in batch.to_pylist():
                        try:
                            yield _whole(row, EPISODE), _place(row, videos, layout, note)
                        except ValueError as error:
                            note(f"a row is left out: {error}")
    except Exception as error:  # pyarrow raises a dozen kinds on damaged files
        note(f"cannot be read: {one_line(error)}")


def _place(
    row: Mapping[str, Any], videos: Sequence[str], layout: Layout, note: Callable[[str], object]
) -> EpisodePlace:
    found = {}
    for video in videos:
        try:
            file = _file(row, f"videos/{video}/", layout, layout.videos, video)
            found[video] = VideoPlace(file, *(_seconds(row, f"videos/{video}/{part}") for part in _SPAN))
        except ValueError as error:
            note(f"episode {shown(row[EPISODE])} has no pictures: {error}")
    return EpisodePlace(_file(row, "data/", layout, layout.data), _whole(row, "length"), found)


def _file(row: Mapping[str, Any], prefix: str, layout: Layout, template: str, video: str = "") -> str:
    place = FilePlace(*(_whole(row, f"{prefix}{part}") for part in _PLACE))
    return filled(template, layout.of_file(place), video)


def _whole(row: Mapping[str, Any], name: str) -> int:
    value = row.get(name)
    if not isinstance(value, (int, float)) or value != value // 1 or not 0 <= value <= MOST_NUMBER:
        raise ValueError(f"{name}: got {shown(value)}, expected a whole number up to {MOST_NUMBER}")
    return int(value)


def _seconds(row: Mapping[str, Any], name: str) -> float:
    value = row.get(name)
    if not isinstance(value, (int, float)) or not 0.0 <= value <= MOST_S:
        raise ValueError(f"{name}: got {shown(value)}, expected 0 to {MOST_S:g} s")
    return float(value)


def _leave_out_contradictions(
    places: Mapping[int, EpisodePlace], video: str, fps: float, tell: Callable[[str], object]
) -> None:
    """Drop the pictures of episodes whose stretches overlap, or do not fit their lengths."""
    files: dict[str, list[tuple[VideoPlace, int, int]]] = {}
    for number, place in places.items():
        if (there := place.videos.get(video)) is not None:
            files.setdefault(there.path, []).append((there, place.length, number))
    for file, stretches in files.items():
        long = {
            number
            for place, length, number in stretches
            if abs((place.to_s - place.from_s) * fps - length) > TOLERANCE
        }
        right = [stretch for stretch in stretches if stretch[2] not in long]
        for number in (wrong := long | _overlapping(right, fps)):
            del places[number].videos[video]
        if wrong:
            tell(
                f"{file}: pictures of episodes {shown(sorted(wrong))} are left out: by meta/episodes, they "
                "overlap those of other episodes, or do not last as long as their episodes"
            )


def _overlapping(stretches: Sequence[tuple[VideoPlace, int, int]], fps: float) -> set[int]:
    """Return the numbers of the stretches that share more than half a frame with another one."""
    found: set[int] = set()
    last_end_s, last = 0.0, -1
    for place, length, number in sorted(stretches):
        end_s = place.from_s + length / fps
        if last >= 0 and place.from_s < last_end_s - 0.5 / fps:
            found |= {number, last}
        if end_s >= last_end_s:
            last_end_s, last = end_s, number
    return found


def one_line(error: Exception) -> str:
    """Return an error's message as one line of limited length."""
    return " ".join(str(error).split())[:200] or repr(error)
