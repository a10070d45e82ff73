# SPDX-License-Identifier: Apache-2.0
"""Episodes go out as a LeRobotDataset v3 and come back: laid out as lerobot does, whole or not at all."""

from __future__ import annotations

import json
import os
import resource
import signal
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
pytest.importorskip("pyarrow", reason="needs the extra 'lerobot'")
import pyarrow.parquet as pq
from bodies.yaml_bodies import process_body, two_cameras_and_force
from lerobot_data import MADE, peer
from recorded import ANYTHING_GOES
from robots import changed, made_up_robot
from small_data import SIDE, STEPS, write_episodes

from ami_ros.body.robot_spec import load_robot
from ami_ros.episodes.episode import EpisodeRecord, episode_path, list_episodes, read_episode, write_episode
from ami_ros.episodes.recorded_body import recorded_body
from ami_ros.errors import ConfigError, EpisodeError, InUseError, OutputError
from ami_ros.recordings.importing.importing import Import, ImportSettings
from ami_ros.recordings.lerobot import parquet_output, video_output
from ami_ros.recordings.lerobot.export import ExportSettings, export
from ami_ros.recordings.lerobot.layout import FILES_PER_CHUNK, FilePlace
from ami_ros.system.lock_file import only_one
from ami_ros.system.whole_file import PARTIAL, SUFFIX

COUNT = 3
SPEC = made_up_robot()
WORDS = "Push the cube"
LEROBOT = "LEROBOT_PYTHON"


@pytest.fixture
def originals(tmp_path):
    write_episodes(tmp_path / "episodes", COUNT)
    return list_episodes(tmp_path / "episodes")


def written(folder: Path, originals: list[Path], video: bool = False) -> Path:
    frames = export(SPEC, originals, folder, ExportSettings(WORDS, video))
    assert frames == len(originals) * (STEPS + 1)
    return folder


@pytest.mark.parametrize(("video", "apart"), [(False, 0.0), (True, 2.5)], ids=["images", "video"])
@pytest.mark.parametrize("split", [False, True], ids=["one file", "a file each"])
def test_what_goes_out_comes_back(tmp_path, originals, monkeypatch, video, apart, split):
    if split:
        monkeypatch.setattr(parquet_output, "DATA_MB", 1e-6)
        monkeypatch.setattr(video_output, "VIDEO_MB", 1e-6)
    path = written(tmp_path / "out", originals, video)
    assert len(list(path.glob("data/*/*.parquet"))) == (COUNT if split else 1)
    assert len(list(path.glob("videos/*/*/*.mp4"))) == (0 if not video else COUNT if split else 1)
    work = Import(SPEC, [path], ImportSettings(SIDE, STEPS, ANYTHING_GOES))
    work.read()
    work.write(tmp_path / "back", work.cut())
    assert work.report.problems == [] and work.report.actions_from == "actions"
    for ours, theirs in zip(originals, list_episodes(tmp_path / "back"), strict=True):
        before, after = read_episode(ours), read_episode(theirs)
        assert after.body == before.body
        np.testing.assert_array_equal(after.vectors["joints"], before.vectors["joints"])
        np.testing.assert_allclose(after.actions, before.actions, rtol=1e-6)
        difference = np.abs(after.images["camera"].astype(int) - before.images["camera"])
        assert difference.mean() <= apart


@pytest.mark.parametrize("kind", ["plant", "husky", "two_cameras"])
def test_other_bodies_come_back(tmp_path, kind):
    """Set points without a camera, a base with two sensors, and an arm with two cameras and a force."""
    made = {"plant": process_body, "two_cameras": two_cameras_and_force}
    spec = load_robot(str(made[kind](tmp_path)) if kind in made else kind)
    generator, body, steps = np.random.default_rng(5), recorded_body(spec), 6
    for index in range(2):
        vectors = {k: generator.uniform(-1, 1, (steps + 1, len(v))) for k, v in body.vectors.items()}
        record = EpisodeRecord(
            images={k: generator.integers(0, 256, (steps + 1, 8, 8, 3), np.uint8) for k in body.images},
            vectors={name: values.astype(np.float32) for name, values in vectors.items()},
            actions=spec.actions.in_units(generator.uniform(-1, 1, (steps, spec.action_size))).astype(
                np.float32
            ),
            truth={},
            look=np.int64(0),
            body=body,
        )
        write_episode(episode_path(tmp_path / "episodes", index), record)
    originals = list_episodes(tmp_path / "episodes")
    export(spec, originals, tmp_path / "out", ExportSettings(WORDS))
    work = Import(spec, [tmp_path / "out"], ImportSettings(8, steps, ANYTHING_GOES))
    work.read()
    work.write(tmp_path / "back", work.cut())
    for ours, theirs in zip(originals, list_episodes(tmp_path / "back"), strict=True):
        before, after = read_episode(ours), read_episode(theirs)
        for name in body.vectors:
            np.testing.assert_allclose(after.vectors[name], before.vectors[name], atol=1e-6)
        for name in body.images:
            np.testing.assert_array_equal(after.images[name], before.images[name])
        np.testing.assert_allclose(after.actions, before.actions, rtol=1e-5)


def types(file: Path) -> dict[str, str]:
    """Return the types of columns, with what depends on the robot by one name."""
    schema = pq.read_schema(file)
    return {
        field.name.replace("front", "CAMERA").replace("wrist", "CAMERA").replace("camera", "CAMERA"): "list"
        if "fixed_size_list" in str(field.type)
        else str(field.type)
        for field in schema
    }


def test_it_is_laid_out_as_lerobot_does(tmp_path, originals):
    images, videos = (written(tmp_path / str(video), originals, video) for video in (False, True))
    data, episodes = "data/chunk-000/file-000.parquet", "meta/episodes/chunk-000/file-000.parquet"
    assert types(images / data) == types(MADE / data)
    assert types(videos / episodes) == types(MADE / episodes)
    got, expected = (json.loads((path / "meta/info.json").read_text()) for path in (videos, MADE))
    # robot_type: ours has a name.
    same = set(expected) - {"robot_type", "fps", "features", "splits"}
    same -= {name for name in expected if name.startswith("total")}
    assert set(got) == set(expected)
    assert {name: got[name] for name in same} == {name: expected[name] for name in same}
    assert (got["total_episodes"], got["total_frames"], got["splits"]) == (
        COUNT,
        COUNT * (STEPS + 1),
        {"train": f"0:{COUNT}"},
    )
    for name in set(got["features"]) & set(expected["features"]) - {"observation.state", "action"}:
        assert got["features"][name] == expected["features"][name]
    state = got["features"]["observation.state"]
    assert state["names"][3:5] == ["joint_d.pos", "joint_a.vel"] and state["units"][3:5] == ["rad", "rad/s"]
    assert got["features"]["action"]["names"] == ["x.vel", "y.vel", "z.vel"]
    tasks, of_lerobot = (pq.read_table(path / "meta/tasks.parquet") for path in (images, MADE))
    assert tasks.column_names == of_lerobot.column_names
    assert tasks.to_pylist() == [{"task_index": 0, "task": WORDS}]
    index = (json.loads(table.schema.metadata[b"pandas"])["index_columns"] for table in (tasks, of_lerobot))
    assert next(index) == next(index) == ["task"]


def test_statistics_are_those_of_all_frames(tmp_path, originals):
    stats = json.loads((written(tmp_path / "out", originals) / "meta/stats.json").read_text())
    assert set(stats) == set(json.loads((MADE / "meta/stats.json").read_text())) - {
        "observation.images.front",
        "observation.images.wrist",
    } | {"observation.images.camera"}
    records = [read_episode(path) for path in originals]
    states = np.concatenate([record.vectors["joints"] for record in records])
    pictures = np.concatenate([record.images["camera"] for record in records]) / 255.0
    for name, values in (("observation.state", states), ("observation.images.camera", pictures)):
        axes = tuple(range(values.ndim - 1))
        for what in ("min", "max", "mean", "std"):
            expected = getattr(values, what)(axis=axes)
            np.testing.assert_allclose(np.ravel(stats[name][what]), expected, rtol=1e-5, atol=1e-7)
        assert stats[name]["count"] == [COUNT * (STEPS + 1)]
    each = [np.quantile(record.images["camera"] / 255.0, 0.99, axis=(0, 1, 2)) for record in records]
    brightest = np.ravel(stats["observation.images.camera"]["q99"])
    np.testing.assert_allclose(brightest, np.mean(each, axis=0), atol=1 / 255)
    assert np.shape(stats["observation.images.camera"]["mean"]) == (3, 1, 1)


def test_files_of_a_chunk_are_counted():
    last = FilePlace(2, FILES_PER_CHUNK - 1)
    assert FilePlace().next == (0, 1) and last.next == (3, 0)


def test_what_is_there_is_kept(tmp_path, originals):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").write_text("five years")
    with pytest.raises(OutputError, match="exists already, expected a new or an empty folder"):
        written(out, originals)
    assert [path.name for path in out.iterdir()] == ["thesis.tex"]
    # A killed process left half of one.
    half = tmp_path / f"{PARTIAL}other{SUFFIX}"
    (half / "data").mkdir(parents=True)
    (half / "data" / "half.parquet").write_bytes(b"PAR1")
    with only_one("export-data", half), pytest.raises(InUseError, match="already runs `ami-ros export-data`"):
        written(tmp_path / "other", originals)
    theirs = tmp_path / "other.partial"
    theirs.mkdir()
    (theirs / "thesis.tex").write_text("five years")
    path = written(tmp_path / "other", originals)
    assert sorted(entry.name for entry in path.iterdir()) == ["data", "meta"] and not half.exists()
    assert (theirs / "thesis.tex").read_text() == "five years"
    half.with_name(f"{PARTIAL}third{SUFFIX}").symlink_to(theirs)
    with pytest.raises(OutputError, match="is a link"):
        written(tmp_path / "third", originals)
    assert (theirs / "thesis.tex").exists()


def test_what_does_not_fit_leaves_nothing(tmp_path, originals):
    out = tmp_path / "out"

    def refuses(kind: type[Exception], message: str, spec=SPEC, paths=originals, video=False) -> None:
        with pytest.raises(kind, match=message):
            export(spec, paths, out, ExportSettings(WORDS, video))
        assert not out.exists() and not list(tmp_path.glob(f"{PARTIAL}*"))

    other = changed(SPEC, joint_names=("j1", "j2", "j3", "j4"))
    refuses(EpisodeError, "recorded with another body than the robot", spec=other)
    refuses(EpisodeError, "got no episodes", paths=[])
    odd = write_episodes(tmp_path / "odd", 1, side=31)
    refuses(ConfigError, "got pictures of 31x31 px, expected even sizes", paths=odd, video=True)
    refuses(EpisodeError, r"got pictures of .*31.* expected .*32.* as in the first", paths=[*originals, *odd])
    originals[1].write_bytes(originals[1].read_bytes()[:1000])
    refuses(EpisodeError, "not a readable episode")


@pytest.mark.parametrize("video", [False, True], ids=["images", "video"])
def test_a_full_disk_is_told(tmp_path, originals, video):
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, before[1]))
    try:
        with pytest.raises(OutputError, match="out: cannot be written"):
            written(tmp_path / "out", originals, video)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(
    LEROBOT not in os.environ,
    reason=f"needs {LEROBOT}=PYTHON, one that has lerobot: it wants other versions of OpenCV and torch than ours",
)
@pytest.mark.parametrize("video", [False, True], ids=["images", "video"])
def test_the_real_lerobot_reads_it(tmp_path, originals, video):
    path = written(tmp_path / "out", originals, video)
    peer(os.environ[LEROBOT], "read", path, tmp_path / "read.npz")
    with np.load(tmp_path / "read.npz") as read:
        about = json.loads(str(read["about"]))
        assert about == {"episodes": COUNT, "fps": 10, "version": "3.0"}
        records = [read_episode(original) for original in originals]
        states = np.concatenate([record.vectors["joints"] for record in records])
        np.testing.assert_array_equal(read["observation.state"], states)
        actions = np.concatenate([np.concatenate([r.actions, r.actions[-1:]]) for r in records])
        np.testing.assert_array_equal(read["action"], actions)
        pictures = np.concatenate([record.images["camera"] for record in records]).astype(float)
        seen = read["observation.images.camera"].transpose(0, 2, 3, 1) * 255.0
        assert np.abs(seen - pictures).mean() <= (2.5 if video else 1e-4)
        assert set(read["task"]) == {WORDS}
        np.testing.assert_array_equal(read["episode_index"], np.repeat(np.arange(COUNT), STEPS + 1))
        np.testing.assert_allclose(read["stats/action/mean"], actions.mean(axis=0), atol=1e-6)
