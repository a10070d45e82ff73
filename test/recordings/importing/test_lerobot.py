# SPDX-License-Identifier: Apache-2.0
"""Data sets of lerobot become episodes: what it wrote itself, what is called otherwise, and what is damaged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
pytest.importorskip("pyarrow", reason="needs the extra 'lerobot'")
import cv2
from lerobot_data import FPS, LENGTHS, MADE, episode
from recorded import ANYTHING_GOES, STEP_S, TRUST, joint_robot
from robots import made_up_robot
from small_data import SIDE, STEPS, write_episodes

from ami_ros.episodes.episode import list_episodes, read_episode
from ami_ros.errors import ConfigError, EpisodeError
from ami_ros.recordings.importing.importing import Import, ImportSettings
from ami_ros.recordings.lerobot import parquet_output, video_output
from ami_ros.recordings.lerobot.export import ExportSettings, export

SPEC = joint_robot()
MOVED = [1, 3]  # the joints that its actions move
EACH = round(STEP_S * FPS)  # frames in a control step
FRONT = {"camera": "observation.images.front"}


def imported(path: Path, out: Path, spec=SPEC, **changes):
    """Import, and return the report and the episodes."""
    settings = ImportSettings(
        **{"image_side": SIDE, "episode_steps": STEPS, "trust": TRUST, "features": FRONT, **changes}
    )
    work = Import(spec, [path], settings)
    work.read()
    cut = work.cut()
    work.write(out, cut)
    json.dumps(work.report.to_json(), allow_nan=False)
    return work.report, [read_episode(p) for p in list_episodes(out)]


def test_what_lerobot_wrote(tmp_path):
    report, episodes = imported(MADE, tmp_path / "data")
    assert report.problems == [] and report.actions_from == "commands"
    assert "time restarts 1 times" in report.notes[-1]
    assert report.topics["joints"].rate_hz == pytest.approx(FPS, rel=1e-4)
    assert report.topics["camera"].gaps == []
    assert report.topics["camera"].messages == sum(LENGTHS)
    assert report.duration_s == pytest.approx((sum(LENGTHS) - EACH) / FPS - STEP_S, abs=1e-4)
    assert len(episodes) == len(LENGTHS)
    for index, got in enumerate(episodes):
        told = episode(index)
        frames = EACH * np.arange(STEPS + 1)
        state = told["observation.state"][frames]
        np.testing.assert_array_equal(got.vectors["joints"][:, :4], state[:, :4])
        np.testing.assert_array_equal(got.vectors["joints"][:, 4:], 0.0)
        targets = told["action"][frames][:, MOVED]
        np.testing.assert_allclose(got.actions, np.diff(targets, axis=0) / STEP_S, atol=1e-4)
        pictures = told["observation.images.front"][frames]
        small = [cv2.resize(p, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for p in pictures]
        np.testing.assert_array_equal(got.images["camera"], small)


def test_videos_that_lerobot_wrote(tmp_path):
    report, episodes = imported(MADE, tmp_path / "data", features={"camera": "observation.images.wrist"})
    assert report.problems == [] and len(episodes) == len(LENGTHS)
    for index, got in enumerate(episodes):
        grey = episode(index)["observation.images.wrist"][EACH * np.arange(STEPS + 1), :SIDE, :SIDE]
        assert np.abs(got.images["camera"].astype(int) - grey).max() <= 3


def renamed(folder: Path, names: list[str], **feature) -> Path:
    """Return a copy of the data set whose columns are called otherwise."""
    shutil.copytree(MADE, folder)
    path = folder / "meta" / "info.json"
    info = json.loads(path.read_text())
    info["features"]["observation.state"] |= {"names": names, **feature}
    info["features"]["action"] |= {"names": names, **feature}
    path.write_text(json.dumps(info))
    return folder


def test_features_are_found_by_name_or_told(tmp_path):
    path = renamed(tmp_path / "renamed", list("qrstg"))

    def refused(path: Path = path, **given: str) -> str:
        with pytest.raises(ConfigError) as error:
            Import(SPEC, [path], ImportSettings(SIDE, STEPS, TRUST, features=given))
        return str(error.value)

    missing = refused()
    assert "got no feature of camera, expected pictures, such as observation.images.camera" in missing
    assert "observation.images.wrist (video 64x64x3)" in missing
    missing = refused(**FRONT)
    assert (
        "got no feature of joints, expected columns ['joint_a', 'joint_b', 'joint_c', 'joint_d']" in missing
    )
    assert "--feature joints=observation.state:0-3" in missing
    assert "observation.state (float32 5: q, r, s, t, g)" in missing
    assert "got nose, expected one of: " in refused(**FRONT, joints="nose")
    assert "got 5 columns of observation.state" in refused(**FRONT, joints="observation.state")
    assert "got column 'nose', expected a name, a pattern such as right*, or 0 to 4" in refused(
        **FRONT, joints="observation.state:nose"
    )
    assert "got ['nose'], expected some of ['camera', 'joints', 'actions', 'commands']" in refused(nose="x")
    assert "got action, expected one of ['observation.images.front'" in refused(camera="action")
    strange = renamed(tmp_path / "strange", list("qrstg"), units=["mm"] * 5)
    assert "column 0: got unit 'mm', expected 'rad'" in refused(
        strange, **FRONT, joints="observation.state:0-3"
    )

    told = {**FRONT, "joints": "observation.state:3,r,2,0"}  # in another order
    report, (got, _) = imported(path, tmp_path / "told", features=told)
    np.testing.assert_array_equal(
        got.vectors["joints"][0, :4], episode(0)["observation.state"][0, [3, 1, 2, 0]]
    )
    assert report.actions_from == "motion"
    assert any("is neither the robot's channels ['joint_b.vel', 'joint_d.vel']" in n for n in report.notes)

    told = {**FRONT, "joints": "observation.state:0-3", "actions": "action:r,2"}
    report, (got, _) = imported(path, tmp_path / "actions", features=told)
    assert report.actions_from == "actions"
    asked = episode(0)["action"][: EACH * STEPS, 1:3].reshape(STEPS, EACH, 2).mean(axis=1)
    np.testing.assert_allclose(got.actions, asked, atol=1e-6)


def test_degrees(tmp_path):
    _, (got, _) = imported(MADE, tmp_path / "data", degrees=True)
    state = np.radians(episode(0)["observation.state"][0, :4].astype(np.float64))
    np.testing.assert_allclose(got.vectors["joints"][0, :4], state, rtol=1e-6)
    path = renamed(tmp_path / "marked", [f"joint_{x}" for x in "abcd"] + ["g"], units=["deg"] * 5)
    _, (marked, _) = imported(path, tmp_path / "of_marked")
    np.testing.assert_array_equal(marked.vectors["joints"], got.vectors["joints"])


def test_percentages_of_servos(tmp_path):
    servo = {"id": 1, "drive_mode": 0, "homing_offset": 0, "range_min": 1000, "range_max": 3000}
    file = tmp_path / "arm.json"
    file.write_text(json.dumps({f"joint_{letter}": servo for letter in "abcd"}))
    _, (got, _) = imported(MADE, tmp_path / "data", calibration=str(file))
    # 100 % are 1000 of the 4095 ticks of a turn.
    state = episode(0)["observation.state"][0, :4].astype(np.float64) * 10.0 * 2.0 * np.pi / 4095
    np.testing.assert_allclose(got.vectors["joints"][0, :4], state, rtol=1e-6)


COUNT = 4


@pytest.fixture
def exported(tmp_path, monkeypatch):
    """Return an export of some episodes, each in files of its own: as images or as videos."""
    monkeypatch.setattr(parquet_output, "DATA_MB", 1e-6)
    monkeypatch.setattr(video_output, "VIDEO_MB", 1e-6)

    def write(video: bool) -> Path:
        folder = tmp_path / f"video_{video}"
        episodes = write_episodes(tmp_path / "episodes", COUNT)
        export(made_up_robot(), episodes, folder, ExportSettings("wave", video))
        return folder

    return write


def readable(path: Path, out: Path) -> tuple[list[str], list[int]]:
    """Return the problems, and which of the exported episodes could be read."""
    report, episodes = imported(path, out, made_up_robot(), features={}, trust=ANYTHING_GOES)
    originals = [read_episode(p) for p in list_episodes(path.parent / "episodes")]
    states = [one.vectors["joints"] for one in originals]
    return report.problems, [
        next(i for i, state in enumerate(states) if np.array_equal(state, got.vectors["joints"]))
        for got in episodes
    ]


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_rows_that_are_cut_off_or_missing(tmp_path, exported):
    path = exported(video=False)
    cut_off(path / "data/chunk-000/file-001.parquet")
    (path / "data/chunk-000/file-002.parquet").unlink()
    problems, there = readable(path, tmp_path / "data")
    assert there == [0, 3]
    missing, damaged, total = problems
    assert missing == f"{path}: data/chunk-000/file-002.parquet: missing, with 1 episodes"
    assert damaged.startswith(f"{path}: data/chunk-000/file-001.parquet: cannot be read: ")
    assert total == f"{path}: got 2 of {COUNT} episodes, {2 * (STEPS + 1)} of {COUNT * (STEPS + 1)} frames"
    for file in (path / "data/chunk-000").iterdir():
        cut_off(file)
    with pytest.raises(EpisodeError, match="no rows can be read: .*file-001.parquet: cannot be read"):
        readable(path, tmp_path / "nothing")


def test_videos_that_are_cut_off_or_missing(tmp_path, exported):
    path = exported(video=True)
    videos = path / "videos/observation.images.camera/chunk-000"
    cut_off(videos / "file-001.mp4")
    (videos / "file-002.mp4").unlink()
    problems, there = readable(path, tmp_path / "data")
    assert there == [0, 3]
    missing, lost = problems
    assert missing.endswith(
        "1 of 4 episodes are skipped: their videos of observation.images.camera are missing: [2]"
    )
    assert f"chunk-000/file-001.mp4: {STEPS + 1} pictures are lost: " in lost
    shutil.rmtree(path / "meta/episodes")
    with pytest.raises(EpisodeError, match=r"got no usable message of \['camera'\]"):
        readable(path, tmp_path / "nothing")


def test_images_need_no_list_of_episodes(tmp_path, exported):
    path = exported(video=False)
    shutil.rmtree(path / "meta/episodes")
    problems, there = readable(path, tmp_path / "data")
    assert there == list(range(COUNT))
    assert len(problems) == 1 and "meta/episodes: missing" in problems[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:100], r"info.json: cannot be read \(.*: copy it again"),
        (lambda text: text.replace("v3.0", "v1.6"), "of version v1.6, expected v2.0, v2.1, v3.0; convert it"),
        (
            lambda text: text.replace("v3.0", "v2.1"),
            "data_path: got 'data/chunk-.*expected a path in the data",
        ),
        (lambda text: text.replace('"fps": 20', '"fps": 0'), "fps: got 0, expected"),
        (lambda text: text.replace("observation.state", "../state"), "a name that is valid for a folder"),
        (lambda text: text.replace("[\n                5\n            ]", "[99999999]"), "expected sizes of"),
        (None, "info.json: cannot be read .*No such file"),
    ],
)
def test_what_it_says_of_itself_is_damaged(tmp_path, change, message):
    path = shutil.copytree(MADE, tmp_path / "damaged")
    info = path / "meta" / "info.json"
    text = info.read_text()
    info.unlink()
    if change is not None:
        info.write_text(change(text))
        assert info.read_text() != text
    with pytest.raises(EpisodeError, match=message):
        Import(SPEC, [path], ImportSettings(SIDE, STEPS, TRUST, features=FRONT))
