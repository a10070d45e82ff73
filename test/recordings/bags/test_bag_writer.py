# SPDX-License-Identifier: Apache-2.0
"""A bag on disk: as rosbag2 has it, whole up to the last flush, bounded, and never over another one."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from child_environment import child_environment

pytest.importorskip("mcap", reason="needs the extra 'record'")
from rosbags.highlevel import AnyReader

from ami_ros.errors import EpisodeError, InUseError, OutputError
from ami_ros.recordings.bags.bag import Bag
from ami_ros.recordings.bags.bag_topic import BagTopic, types
from ami_ros.recordings.bags.bag_writer import BagWriter

BIG, STEP_NS, BEGIN_NS = 10**9, 10_000_000, 1_700_000_000_000_000_000
OFFER = {
    "history": "unknown",
    "depth": 0,
    "reliability": "best_effort",
    "durability": "volatile",
    "deadline": {"sec": 9223372036, "nsec": 854775807},
    "lifespan": {"sec": 9223372036, "nsec": 854775807},
    "liveliness": "automatic",
    "liveliness_lease_duration": {"sec": 9223372036, "nsec": 854775807},
    "avoid_ros_namespace_conventions": False,
}
NUMBERS = BagTopic("/numbers", "std_msgs/msg/Float64MultiArray", (OFFER,))
WORDS = BagTopic("/words", "std_msgs/msg/String")


def numbers(index: int, size: int = 3) -> bytes:
    kind = types().types
    layout = kind["std_msgs/msg/MultiArrayLayout"](dim=[], data_offset=0)
    values = np.random.default_rng(index).normal(size=size)
    return bytes(types().serialize_cdr(kind[NUMBERS.type](layout=layout, data=values), NUMBERS.type))


def words(text: str) -> bytes:
    return bytes(types().serialize_cdr(types().types[WORDS.type](data=text), WORDS.type))


def fill(writer: BagWriter, count: int, first: int = 0, size: int = 3) -> list[tuple[int, bytes]]:
    """Write numbered messages, one flush for every fourth."""
    written = []
    for index in range(first, first + count):
        log_ns, data = BEGIN_NS + index * STEP_NS, numbers(index, size)
        writer.write(NUMBERS, log_ns, log_ns, data)
        written.append((log_ns, data))
        if index % 4 == 3:
            writer.flush()
    return written


@pytest.mark.parametrize("compression", ["none", "lz4", "zstd"])
def test_the_public_reader_reads_it_and_ours_the_same(tmp_path, compression):
    writer = BagWriter(tmp_path / "bag", BIG, compression, {"robot": "panda"})
    written = fill(writer, 10)
    writer.write(WORDS, BEGIN_NS, BEGIN_NS, words("hello"))
    writer.close()
    with AnyReader([tmp_path / "bag"]) as reader:
        assert {name: info.msgcount for name, info in reader.topics.items()} == {"/numbers": 10, "/words": 1}
        (offer,) = reader.topics["/numbers"].connections[0].ext.offered_qos_profiles
        assert offer.reliability.name == "BEST_EFFORT" and offer.lifespan.sec == 9223372036
        got = [(log_ns, raw) for it, log_ns, raw in reader.messages() if it.topic == "/numbers"]
        assert reader.deserialize(got[4][1], NUMBERS.type).data == pytest.approx(
            np.random.default_rng(4).normal(size=3)
        )
        (bag,) = reader.readers
        assert bag.storage.metadata.custom == {"robot": "panda"}
        assert reader.message_count == 11 and reader.duration == 9 * STEP_NS + 1
    assert got == written
    bag = Bag(tmp_path / "bag")
    assert str(bag.topics()[0]) == "/numbers (std_msgs/msg/Float64MultiArray, 10 messages)"
    assert [(m.log_ns, m.data) for m in bag.messages() if m.topic == "/numbers"] == written
    assert bag.problems == []


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_a_file_that_is_cut_off_gives_all_before_the_cut(tmp_path, compression):
    writer = BagWriter(tmp_path / "bag", BIG, compression, {})
    written = fill(writer, 24, size=200)
    writer.close()
    (path,) = (tmp_path / "bag").glob("*.mcap")
    content, before, within = path.read_bytes(), -1, False
    for cut in np.linspace(0, len(content) - 1, 60, dtype=int):
        path.write_bytes(content[:cut])
        bag = Bag(path)
        got = [(m.log_ns, m.data) for m in bag.messages()]
        assert got == written[: len(got)] and len(got) >= before
        assert len(bag.problems) == 1 and path.name in bag.problems[0]
        before = len(got)
        within |= before % 4 != 0
    assert before == len(written), "the summary alone was lost"
    assert within or compression == "zstd", "messages are found in a chunk that lost its end"


def test_a_damaged_chunk_is_left_out_and_told(tmp_path):
    writer = BagWriter(tmp_path / "bag", BIG, "none", {})
    fill(writer, 12, size=50)
    writer.close()
    (path,) = (tmp_path / "bag").glob("*.mcap")
    content = bytearray(path.read_bytes())
    content[content.index(numbers(5, 50)) + 60] ^= 0xFF
    path.write_bytes(content)
    bag = Bag(path)
    assert len(list(bag.messages())) == 8
    assert "damaged" in bag.problems[0] and "crc" in bag.problems[0]


def test_after_what_is_damaged_it_goes_on_where_the_summary_says(tmp_path):
    writer = BagWriter(tmp_path / "bag", BIG, "none", {})
    written = fill(writer, 24, size=50)
    writer.close()
    (path,) = (tmp_path / "bag").glob("*.mcap")
    content = bytearray(path.read_bytes())
    at = content.index(numbers(4, 50))
    begin = content.rindex(b"\x06", 0, at)  # of the second chunk; its length follows
    content[begin + 1 : begin + 9] = (2**40).to_bytes(8, "little")
    path.write_bytes(content)
    bag = Bag(path)
    assert [(m.log_ns, m.data) for m in bag.messages()] == written[:4] + written[8:]
    assert len(bag.problems) == 1 and "reading resumes at byte" in bag.problems[0]
    for nothing in (b"", content[:100], bytes(2000)):
        path.write_bytes(nothing)
        with pytest.raises(EpisodeError, match="cannot be read: bag_0.mcap: "):
            Bag(path).topics()


def test_the_oldest_file_goes_when_the_space_is_used_up(tmp_path):
    most = 40_000
    writer = BagWriter(tmp_path / "bag", most, "none", {})
    written = fill(writer, 200, size=100)
    assert writer.removed > 0
    writer.close()
    files = list((tmp_path / "bag").glob("*.mcap"))
    assert sum(file.stat().st_size for file in files) < 1.2 * most and len(files) > 3
    got = [(m.log_ns, m.data) for m in Bag(tmp_path / "bag").messages()]
    assert got == written[-len(got) :] and len(got) > 20
    with AnyReader([tmp_path / "bag"]) as reader:
        assert reader.message_count == len(got)


def test_nothing_is_recorded_over_or_next_to_another_recording(tmp_path):
    writer = BagWriter(tmp_path / "bag", BIG, "none", {})
    code = (
        "import sys; from pathlib import Path\n"
        "from ami_ros.recordings.bags.bag_writer import BagWriter\n"
        "from ami_ros.errors import InUseError\n"
        "try: BagWriter(Path(sys.argv[1]), 10**9, 'none', {})\n"
        "except InUseError as error: print(error)"
    )
    run = [sys.executable, "-c", code, str(tmp_path / "bag")]
    said = subprocess.run(run, env=child_environment(), capture_output=True, text=True, check=True).stdout
    assert "already runs `ami-ros record` in it" in said
    with pytest.raises(InUseError):
        BagWriter(tmp_path / "bag", BIG, "none", {})
    writer.close()
    with pytest.raises(OutputError, match=r"holds a recording \(bag_0.mcap, metadata.yaml\)"):
        BagWriter(tmp_path / "bag", BIG, "none", {})
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        BagWriter(tmp_path / "file" / "bag", BIG, "none", {})
    with pytest.raises(EpisodeError, match="not a recording"):
        Bag(tmp_path)


FULL = """
import resource, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_bag_writer import BIG, NUMBERS, numbers
from ami_ros.recordings.bags.bag_writer import BagWriter
from ami_ros.recordings.bags.recording import Recording
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))  # the system refuses what is more
recording = Recording(BagWriter(Path(sys.argv[1]), BIG, "none", {}), BIG, 0.05)
index = 0
while recording.failure is None:
    recording.put(NUMBERS, index, index, numbers(index, 100))
    index += 1
    time.sleep(0.001)
try:
    recording.close()
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_disk_that_takes_no_more_ends_it_with_a_reason_and_what_was_written_can_be_read(tmp_path):
    run = [sys.executable, "-c", FULL, str(tmp_path / "bag"), __file__.rpartition("/")[0]]
    said = subprocess.run(run, env=child_environment(), capture_output=True, text=True, check=True).stdout
    assert said.startswith("OutputError ") and "cannot be written (File too large)" in said
    bag = Bag(tmp_path / "bag")
    got = [m.data for m in bag.messages()]
    assert len(got) > 20 and got == [numbers(index, 100) for index in range(len(got))]
    assert len(bag.problems) == 1 and "cut off" in bag.problems[0]


def test_recordings_are_for_their_owner_alone(tmp_path):
    """There are pictures in them; what is in the folder tells nothing that is seen."""
    writer = BagWriter(tmp_path / "bag", BIG, "none", {})
    fill(writer, 4)
    assert (tmp_path / "bag" / "bag_0.mcap").stat().st_mode & 0o777 == 0o600
    writer.close()
    assert (tmp_path / "bag" / "bag_0.mcap").stat().st_mode & 0o777 == 0o600


def test_files_with_a_likely_name_stay(tmp_path):
    folder, victim = tmp_path / "bag", tmp_path / "victim"
    folder.mkdir()
    victim.write_text("mine")
    (folder / ".metadata.yaml.partial").symlink_to(victim)
    writer = BagWriter(folder, BIG, "none", {})
    fill(writer, 4)
    writer.close()
    assert victim.read_text() == "mine" and (folder / ".metadata.yaml.partial").is_symlink()
