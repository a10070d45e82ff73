# SPDX-License-Identifier: Apache-2.0
"""Images far above any camera's size leave no trace in the memory of who listens, over real DDS."""

from __future__ import annotations

import sys
import time

import pytest
from sensor_msgs.msg import Image

from ami_ros.bench.process_memory import MemoryWatch
from ami_ros.ros.wire import bounded_type as module
from ami_ros.ros.wire.bounded_type import bounded_type
from ami_ros.ros.wire.leavers import SHARED_LOOKS, Leavers
from ami_ros.ros.wire.qos import STATE

LIMIT, SMALL, LARGE = 100_000, 1_000, 1_000_000  # bytes of an image
STRANGERS, RATE_HZ, SHOUTS_S = 3, 4.0, 4.0
IMAGE_MB = 64
BACK_S = 60.0  # Fast DDS looks every 5 s whether who was killed, and left shared memory, is there
CAMERA = "camera/image_raw"

fast_dds = pytest.mark.skipif(
    sys.platform != "linux", reason="reaches into Fast DDS, tried on Linux only; elsewhere nothing is bounded"
)


def image(size: int) -> Image:
    return Image(encoding="mono8", height=1, width=size, step=size, data=bytes(size))


@fast_dds
def test_an_image_above_the_bound_is_refused_and_the_next_is_heard(probe):
    node = probe.node
    heard = []
    kind = bounded_type(node, Image, "pictures", LIMIT)
    assert kind is not Image
    node.create_subscription(kind, "pictures", lambda message: heard.append(len(message.data)), STATE)
    publisher = node.create_publisher(Image, "pictures", STATE)  # to whom it is the same type
    probe.until(publisher.get_subscription_count, "the subscription")
    for size in (SMALL, LARGE, SMALL + 1):
        publisher.publish(image(size))
    probe.until(lambda: len(heard) == 2, "two images")
    probe.spin(0.3)
    assert heard == [SMALL, SMALL + 1]


def test_of_an_unknown_middleware_nothing_is_asked(probe, monkeypatch):
    monkeypatch.setattr(module, "KNOWN", {"rmw_fastrtps_cpp": ("ros-rmw-fastrtps-cpp", "8.")})
    assert bounded_type(probe.node, Image, "pictures", LIMIT) is Image


def test_a_subscription_is_made_again_once_a_publisher_has_gone_or_there_are_several(probe):
    leavers = Leavers(probe.node, "pictures")
    one, two = (probe.node.create_publisher(Image, "pictures", STATE) for _ in range(2))
    probe.until(lambda: probe.node.count_publishers("pictures") == 2, "two publishers")
    looks = [leavers.look() for _ in range(2 * SHARED_LOOKS)]
    assert [number for number, due in enumerate(looks, 1) if due] == [SHARED_LOOKS - 1, 2 * SHARED_LOOKS - 1]
    probe.node.destroy_publisher(one)
    probe.until(lambda: probe.node.count_publishers("pictures") == 1, "one publisher")
    assert leavers.look()
    assert not any(leavers.look() for _ in range(2 * SHARED_LOOKS)), "the other one stays, alone"
    probe.node.destroy_publisher(two)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_memory_of_gate_and_planner_is_back_after_strangers_images(start, probe, live_gate, straight_line):
    planner = start(straight_line, autostart=True)
    probe.until(lambda: probe.node.count_subscribers(CAMERA) >= 2, "the planner")
    probe.spin(3.0)  # until both have what they need
    watch = MemoryWatch({"safety": live_gate.process.pid, "planner": planner.pid})
    strangers = [
        start(
            "ami_ros.ros.attacks.stranger",
            {"__node": f"stranger_{number}"},
            sends="images",
            topic=CAMERA,
            rate_hz=RATE_HZ,
        )
        for number in range(STRANGERS)
    ]
    probe.until(lambda: probe.node.count_publishers(CAMERA) == 1 + STRANGERS, "the strangers")
    probe.spin(SHOUTS_S)
    for stranger in strangers:
        stranger.kill()  # in the middle of an image
    probe.until(lambda: probe.node.count_publishers(CAMERA) == 1, "their end", 60.0)

    def back() -> bool:
        start_mb, end_mb = (watch.figures()[name] for name in ("rss_mb_start", "rss_mb_end"))
        return all(end_mb[name] < start_mb[name] + IMAGE_MB / 4 for name in start_mb)

    deadline = time.monotonic() + BACK_S
    while not back() and time.monotonic() < deadline:
        probe.spin(0.5)
    assert back(), watch.figures()
    assert {"MESSAGE_OVERSIZED", "SENSOR_SHARED"} & live_gate.all_codes()
