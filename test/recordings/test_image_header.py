# SPDX-License-Identifier: Apache-2.0
"""Images that ask a decoder for more than they are worth are refused, and honest ones are not."""

from __future__ import annotations

import functools
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from ami_ros.errors import ImageError
from ami_ros.recordings.image_header import MOST_CHUNKS, MOST_SCANS, MOST_SEGMENTS, checked_compressed

MIB = 2**20
WIDTH, HEIGHT = 61, 43
MOST = 64 * 64
PICTURE = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int = 8, height: int = 8, extra: bytes = b"") -> bytes:
    """A black one, which is small whatever its size."""
    squeeze = zlib.compressobj(9)
    rows = [squeeze.compress(bytes(1 + 3 * width)) for _ in range(height)]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", b"".join(rows) + squeeze.flush())
    return b"\x89PNG\r\n\x1a\n" + header + extra + pixels + chunk(b"IEND")


def jpeg(progressive: bool = False) -> bytes:
    return cv2.imencode(".jpg", PICTURE, [cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)])[1].tobytes()


def with_thumbnail() -> bytes:
    small = cv2.imencode(".jpg", PICTURE[:8, :8])[1].tobytes()
    return jpeg()[:2] + b"\xff\xe1" + struct.pack(">H", 2 + 6 + len(small)) + b"Exif\0\0" + small + jpeg()[2:]


def encoded_png(pixels: np.ndarray, **_: object) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


HONEST = {
    "jpeg": jpeg(),
    "progressive jpeg": jpeg(progressive=True),
    "grey jpeg": cv2.imencode(".jpg", PICTURE[:, :, 0])[1].tobytes(),
    "jpeg with a thumbnail": with_thumbnail(),
    "jpeg with a repeated 0xff": jpeg()[:2] + b"\xff\xff" + jpeg()[2:],
    "png": encoded_png(PICTURE),
    "grey png": encoded_png(PICTURE[:, :, 0]),
    "16-bit png": encoded_png(PICTURE.astype(np.uint16) * 257),
    "png with alpha": encoded_png(np.dstack([PICTURE, PICTURE[:, :, 0]])),
    "png with plain text": png(WIDTH, HEIGHT, chunk(b"tEXt", b"Comment\0a camera")),
    "animated png": png(
        WIDTH,
        HEIGHT,
        chunk(b"acTL", struct.pack(">II", 1, 0))
        + chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, WIDTH, HEIGHT, 0, 0, 1, 1, 0, 0)),
    ),
}


@pytest.mark.parametrize("name", list(HONEST))
def test_the_size_is_the_one_that_the_decoder_finds(name):
    decoded = cv2.imdecode(np.frombuffer(HONEST[name], dtype=np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape[:2] == (HEIGHT, WIDTH)
    assert checked_compressed(HONEST[name], MOST) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("name", list(HONEST))
def test_the_limit_is_on_the_pixels_in_all(name):
    assert checked_compressed(HONEST[name], WIDTH * HEIGHT) == (WIDTH, HEIGHT)
    with pytest.raises(ImageError, match=f"{WIDTH}x{HEIGHT} = {WIDTH * HEIGHT} pixels, .*max_image_pixels"):
        checked_compressed(HONEST[name], WIDTH * HEIGHT - 1)


@pytest.mark.parametrize("name", ["jpeg", "progressive jpeg", "png", "jpeg with a thumbnail"])
def test_wherever_a_file_is_cut_it_is_refused_or_as_large_as_it_was(name):
    data = HONEST[name]
    for length in range(0, len(data), 3):
        try:
            assert checked_compressed(data[:length], MOST) == (WIDTH, HEIGHT)
        except ImageError:
            continue
    with pytest.raises(ImageError):
        checked_compressed(data[:20], MOST)


@functools.cache
def bombs() -> dict[str, bytes]:
    """What takes a decoder gigabytes or many seconds."""
    scan_at = HONEST["progressive jpeg"].rfind(b"\xff\xda")
    body, scan = HONEST["progressive jpeg"][:-2], HONEST["progressive jpeg"][scan_at:-2]
    text = zlib.compress(b"b" * 7_900_000, 9)
    honest, large = png(), png(6000, 6000)
    return {
        "a large png": large,
        "a large jpeg": cv2.imencode(".jpg", np.zeros((6000, 6000), dtype=np.uint8))[1].tobytes(),
        # Decoders pass over 0xff00, whatever follows; who takes it for a segment and jumps sees another size.
        "a zero marker": jpeg()[:2] + b"\xff\x00" + struct.pack(">H", 8) + bytes(6) + jpeg()[2:],
        "much text": png(extra=chunk(b"zTXt", b"a\0\0" + text) * 40),
        "much international text": png(extra=chunk(b"iTXt", b"a\0\1\0\0\0" + text) * 40),
        "text behind the pixels": honest[:-12] + chunk(b"zTXt", b"a\0\0" + text) * 40 + honest[-12:],
        "a chunk that says it has 2 GB": honest[:33]
        + struct.pack(">I4s", 2**31 - 256, b"IDAT")
        + honest[33:],
        "two headers": honest[:33] + large[8:33] + honest[33:],
        "a header behind another chunk": honest[:8] + chunk(b"tEXt", b"a\0b") + large[8:],
        "many chunks": honest[:33] + chunk(b"tEXt") * MOST_CHUNKS + honest[33:],
        "many segments": jpeg()[:2] + b"\xff\xe1\0\2" * MOST_SEGMENTS + jpeg()[2:],
        "nothing but 0xff": b"\xff\xd8" + b"\xff" * 2**25,
        "many scans": body + scan * (MOST_SCANS + 1) + b"\xff\xd9",
        "a gif": b"GIF89a" + struct.pack("<HH", 60000, 60000) + bytes(20),
        "a bmp": cv2.imencode(".bmp", PICTURE)[1].tobytes(),
        "a webp": cv2.imencode(".webp", PICTURE)[1].tobytes(),
        "nothing": b"",
    }


@pytest.mark.parametrize("name", list(bombs()))
def test_bombs_are_refused(name):
    begun = time.process_time()
    with pytest.raises(ImageError, match="got .*expected"):
        checked_compressed(bombs()[name], 4096 * 4096)
    assert time.process_time() - begun < 2.0


def test_what_encoders_write_is_far_from_the_limits():
    assert checked_compressed(png(8, 8, chunk(b"tEXt") * (MOST_CHUNKS - 4)), MOST) == (8, 8)
    segments = b"\xff\xe1\0\2" * (MOST_SEGMENTS - 10)
    assert checked_compressed(jpeg()[:2] + segments + jpeg()[2:], MOST) == (WIDTH, HEIGHT)
    filled = jpeg()[:2] + b"\xff" * 1000 + jpeg()[2:]
    assert checked_compressed(filled, MOST) == (WIDTH, HEIGHT)


# In a process of its own: the most memory that a process ever had is never forgotten.
DECODE = """
import array, sys
from pathlib import Path
from sensor_msgs.msg import CompressedImage
import cv2
from ami_ros.errors import ImageError
from ami_ros.ros.wire.messages import image_from_compressed
def memory(line):
    return next(int(row.split()[1]) for row in open("/proc/self/status") if row.startswith(line + ":"))
message = CompressedImage(data=array.array("B", Path(sys.argv[1]).read_bytes()))
before = memory("VmHWM")
try:
    image_from_compressed(message, 4096 * 4096)
except ImageError:
    pass
print(memory("VmHWM") - before, memory("VmRSS") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
@pytest.mark.parametrize(
    "name", ["a large png", "a large jpeg", "much text", "a chunk that says it has 2 GB"]
)
def test_a_bomb_takes_no_memory(name, tmp_path):
    pytest.importorskip("rclpy", reason="rclpy is not installed")
    file = tmp_path / "image"
    file.write_bytes(bombs()[name])
    done = subprocess.run(
        [sys.executable, "-c", DECODE, str(file)], capture_output=True, text=True, check=True
    )
    peak_kb, left_kb = (int(word) for word in done.stdout.split())
    assert peak_kb < 30 * 1024 and left_kb < 10 * 1024
