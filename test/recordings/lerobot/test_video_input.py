# SPDX-License-Identifier: Apache-2.0
"""Videos are read wherever they lie, and those that ask for much, or for other files, are not read at all."""

from __future__ import annotations

import os
import struct
import time
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="needs the extra 'lerobot'")
import av
from lerobot_changed import VIDEO, copied
from lerobot_data import FPS, LENGTHS, MADE
from limited import limited

from ami_ros.recordings.lerobot.dataset_input import DatasetInput
from ami_ros.recordings.lerobot.episode_videos import EpisodeVideos
from ami_ros.recordings.lerobot.video_header import LEAST_FRAME_BYTES
from ami_ros.recordings.lerobot.video_input import EACH, MOST_PIXELS, SPARE, VideoInput

SIDE, COUNT = 64, 200
WRIST = "observation.images.wrist"


def shown(at: int) -> int:
    return 20 * (at % 12)


def written(path: Path, codec: str = "libx264", count: int = COUNT, **options: str) -> Path:
    """Write a video with pictures that are as bright as `shown` says."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream(codec, rate=FPS, options=options)
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuv420p"
        for at in range(count):
            frame = av.VideoFrame.from_ndarray(np.full((SIDE, SIDE, 3), shown(at), np.uint8), format="rgb24")
            frame.pts, frame.time_base = at, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def png(side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes((1 + side) * side), 1)
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(chunk, (b"IHDR", b"IDAT", b"IEND"), (header, rows, b"")))


def of_pictures(path: Path, *sides: int) -> Path:
    """Write a video of square pictures that says that all are small."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("png", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "gray"
        for at, side in enumerate(sides):
            packet = av.Packet(png(side))
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, at, at, Fraction(1, FPS)
            packet.is_keyframe = True
            container.mux(packet)
    return path


def brightness(path: Path, *times_s: float, from_s: float = 0.0) -> tuple[list[int | None], str]:
    """Return how bright the pictures of some times are, and why there are no more."""
    video = VideoInput(path, from_s, 1 / FPS)
    pictures = [video.at(time_s) for time_s in times_s]
    video.close()
    return [None if picture is None else round(picture.mean()) for picture in pictures], video.failure


@pytest.mark.parametrize(
    ("codec", "options"),
    [("libx264", {}), ("libx264", {"bf": "3", "g": "50"}), ("mpeg4", {})],
    ids=range(3),
)
def test_pictures_are_found_by_their_times(tmp_path, codec, options):
    path = written(tmp_path / "a.mp4", codec, **options)
    for at in (0, 1, 57, COUNT - 1):
        ((found,), failure) = brightness(path, at / FPS, from_s=at / FPS)
        assert found is not None and abs(found - shown(at)) < 8 and failure == ""
    assert brightness(path, COUNT / FPS, from_s=0.0)[0] == [None]


def test_any_folder_may_have_any_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a:b", "http:", "50% #1? ä", "-i"):
        data = DatasetInput(copied(Path(name)))
        videos = EpisodeVideos(data, [WRIST])
        for episode, length in enumerate(LENGTHS):
            videos.begin(episode)
            pictures = [videos.picture(WRIST, at / FPS) for at in range(length)]
            assert all(picture is not None for picture in pictures)
        videos.close()
        assert videos.problems() == []


def test_what_is_no_file_is_told(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "folder.mp4").mkdir()
    for name in ("pipe", "folder"):
        assert brightness(tmp_path / f"{name}.mp4", 0.0) == ([None], "not a regular file")
    (tmp_path / "link.mp4").symlink_to(MADE / VIDEO)
    assert brightness(tmp_path / "link.mp4", 0.0) == ([pytest.approx(40, abs=2)], "")


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{other}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{other}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=a\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
        "",
    ],
    ids=["playlist", "list", "stream", "nothing"],
)
def test_no_other_file_is_opened_and_nothing_is_waited_for(tmp_path, content):
    path = tmp_path / "a.mp4"
    path.write_text(content.format(other=written(tmp_path / "other.mp4", count=5).name))
    begun = time.monotonic()
    found, failure = brightness(path, 0.0)
    assert found == [None] and failure and time.monotonic() - begun < 5.0


def test_pictures_that_are_too_large_are_not_decoded(tmp_path):
    side = int(MOST_PIXELS**0.5) + 100
    assert brightness(of_pictures(tmp_path / "a.mp4", SIDE, SIDE), 0.0, 1 / FPS) == ([0, 0], "")
    for sides in ((side, SIDE), (SIDE, side)):  # one that is larger than it says, at first and later
        found, failure = brightness(of_pictures(tmp_path / "b.mp4", *sides), 0.0, 1 / FPS)
        assert found == [0 if one == SIDE else None for one in sides[:1]] + [None] and failure


def boxes(content: bytes, kind: bytes) -> int:
    """Return where what a box holds begins."""
    return content.rindex(kind) + 4


def claiming(path: Path, count: int, *tables: bytes) -> Path:
    """Return a copy of a video that says that it has so many pictures of one byte."""
    content = bytearray(path.read_bytes())
    for table in tables:
        at = boxes(content, table)
        if table == b"stsz":
            struct.pack_into(">II", content, at + 4, 1, count)
        else:
            struct.pack_into(">III", content, at + 4, 1, count, 512)
    copy = path.with_name("claiming.mp4")
    copy.write_bytes(content)
    return copy


@pytest.mark.parametrize("tables", [(b"stsz",), (b"stts",), (b"stsz", b"stts")])
def test_there_are_no_more_pictures_than_the_file_can_hold(tmp_path, tables):
    path = written(tmp_path / "a.mp4", "mpeg4", 20)
    size = path.stat().st_size
    found, failure = brightness(claiming(path, size // LEAST_FRAME_BYTES + 1, *tables), 0.0)
    assert found == [None]
    assert failure == (
        f"video: got {size // LEAST_FRAME_BYTES + 1} frames in {size} bytes, expected at most {size // LEAST_FRAME_BYTES}"
    )


def test_a_header_that_is_packed_or_cut_off_is_refused(tmp_path):
    path = written(tmp_path / "a.mp4", "mpeg4", 20)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"udta", b"cmov"))
    assert "got a compressed header" in brightness(path, 0.0)[1]
    path.write_bytes(content[:-50])
    assert "expected a whole one" in brightness(path, 0.0)[1]
    path.write_bytes(content + struct.pack(">I4s", 3, b"free"))
    assert "got a box of 3 bytes" in brightness(path, 0.0)[1]


def test_pictures_on_the_way_to_those_that_are_wanted_are_limited(tmp_path):
    path = written(tmp_path / "a.mp4", g="10000", keyint_min="10000", sc_threshold="0")
    at = COUNT - 1
    video = VideoInput(path, at / FPS, 1 / FPS, left=COUNT)
    assert video.at(at / FPS) is not None and video.left == EACH
    video.close()
    video = VideoInput(path, at / FPS, 1 / FPS, left=COUNT - EACH - 1)
    assert video.at(at / FPS) is None and "no key frame is near enough before them" in video.failure
    video.close()
    assert SPARE > 2 * 250  # which encoders let lie between two that stand alone


READ = """
import sys, time
from pathlib import Path
from ami_ros.recordings.lerobot.video_input import VideoInput

for name in sys.argv[1:]:
    begun = time.process_time()
    video = VideoInput(Path(name), 0.0, 0.05)
    assert video.at(0.0) is None and video.failure
    print(time.process_time() - begun)
"""


def test_bombs_take_little_memory_and_time(tmp_path):
    path = written(tmp_path / "a.mp4", "mpeg4", 20)
    names = [claiming(path, 60_000_000, b"stsz", b"stts"), of_pictures(tmp_path / "b.mp4", 12_000)]
    lines, peak_bytes = limited(READ, *names)
    assert max(map(float, lines)) < 5.0
    assert peak_bytes < 2**26
