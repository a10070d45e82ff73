# SPDX-License-Identifier: Apache-2.0
"""Data sets in the format v2.1, and what people's sets have otherwise than lerobot's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
pytest.importorskip("pyarrow", reason="needs the extra 'lerobot'")
import cv2
from lerobot_old import CAMERA, FPS, LENGTHS, NAMES, state_of, video_of, write_old
from recorded import ANYTHING_GOES, STEP_S, picture_at

from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.episodes.episode import EpisodeRecord, list_episodes, read_episode
from ami_ros.errors import ConfigError, EpisodeError
from ami_ros.recordings.importing.import_report import ImportReport
from ami_ros.recordings.importing.importing import Import, ImportSettings
from ami_ros.recordings.lerobot.proposed_robot import proposed_robot
from ami_ros.recordings.lerobot.robot_survey import survey_dataset

SIDE, STEPS = 24, 10
EACH = round(STEP_S * FPS)  # frames in a control step
RIGHT = [2, 3, 4]
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 82515\n"


def robot(path: Path, folder: Path, *patterns: str) -> RobotSpec:
    """Return the robot that new-robot proposes for a data set."""
    file = folder / "mine.yaml"
    file.write_text(proposed_robot("mine", path, survey_dataset(path, patterns)))
    return load_robot(file)


def imported(
    spec: RobotSpec, path: Path, out: Path, **changes: object
) -> tuple[ImportReport, list[EpisodeRecord]]:
    settings = replace(ImportSettings(SIDE, STEPS, ANYTHING_GOES), **changes)
    work = Import(spec, [path], settings)
    work.read()
    cut = work.cut()
    work.write(out, cut)
    return work.report, [read_episode(p) for p in list_episodes(out)] if cut.begins else []


def check_first(got: EpisodeRecord, episode: int = 0) -> None:
    """Compare the first steps of an episode of the data set, with the right arm and hand."""
    rows = EACH * np.arange(STEPS + 1)
    state, asked = state_of(episode)[:, RIGHT], state_of(episode, 1 / FPS)[:, RIGHT]
    np.testing.assert_array_equal(got.vectors["joints"], state[rows])
    # The last set point within a step is that at its end, but for a frame.
    np.testing.assert_allclose(got.actions, asked[rows[1:] - 1], rtol=1e-6)


@pytest.mark.parametrize(
    ("names", "features"),
    [
        (NAMES, ("observation.state", "action")),
        ([NAMES], ("state", "actions")),
        ({"motors": NAMES}, ("observation.state", "actions")),
        (NAMES, ("observation.states.joint", "actions.joint")),
    ],
)
def test_a_set_becomes_episodes_with_the_robot_proposed_for_it(tmp_path, names, features):
    path = write_old(tmp_path / "set", names, features)
    spec = robot(path, tmp_path)
    # The left arm stands still.
    assert spec.actions.names == tuple(NAMES[place] for place in RIGHT)
    report, episodes = imported(spec, path, tmp_path / "data")
    assert report.problems == [] and report.actions_from == "actions"
    assert {health.topic for health in report.topics.values()} == {CAMERA, *features}
    check_first(episodes[0])
    picture = cv2.resize(picture_at(0.0), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    assert np.abs(episodes[0].images["head"][0].astype(int) - picture).mean() < 4  # H.264


def test_each_episode_of_the_set_is_a_run(tmp_path):
    path = write_old(tmp_path / "set")
    _, episodes = imported(robot(path, tmp_path), path, tmp_path / "data")
    assert [int(one.run) for one in episodes] == [
        run for run, n in enumerate(LENGTHS) for _ in range(n // 21)
    ]


def test_names_that_do_not_fit_are_numbers(tmp_path):
    for count, names in enumerate([None, NAMES[:3], ["joint"] * len(NAMES)]):
        path = write_old(tmp_path / f"set_{count}", names)
        spec = robot(path, tmp_path)
        word = "joint" if count == 2 else "value"
        assert spec.actions.names == tuple(f"{word}_{place}" for place in RIGHT)
        _, episodes = imported(spec, path, tmp_path / f"data_{count}")
        check_first(episodes[0])


def test_videos_in_another_folder_are_found_and_missing_ones_skip_their_episodes(tmp_path):
    path = write_old(tmp_path / "set", videos="video/head/episode_{episode_index:06d}.mp4")
    (path / "video/head/episode_000001.mp4").unlink()
    (path / "video/head/episode_000002.mp4").write_bytes(POINTER)
    report, episodes = imported(robot(path, tmp_path), path, tmp_path / "data")
    told = [problem.removeprefix(f"{path}: ") for problem in report.problems]
    assert told == [
        f"3 videos are in video/head, expected them in videos/chunk-000/{CAMERA}; these are used",
        f"1 of 4 episodes are skipped: their videos of {CAMERA} are missing: [1]",
        f"1 of 4 episodes are skipped: their videos of {CAMERA} are Git LFS pointers (run `git lfs pull` in "
        "the folder): [2]",
    ]
    assert len(episodes) == LENGTHS[0] // 21 + LENGTHS[3] // 21
    check_first(episodes[-(LENGTHS[3] // 21)], 3)


def test_a_video_that_could_be_another_cameras_is_not_taken(tmp_path):
    path = write_old(tmp_path / "set")
    for episode in range(len(LENGTHS)):
        copy = path / "copy" / Path(video_of(episode)).name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes((path / video_of(episode)).read_bytes())
        (path / video_of(episode)).rename(path / "meta" / copy.name)
    with pytest.raises(EpisodeError, match=r"got no usable message of \['head', 'joints'\]"):
        imported(robot(path, tmp_path), path, tmp_path / "data")


def test_pointers_of_git_lfs_are_refused_with_what_to_do(tmp_path):
    path = write_old(tmp_path / "set")
    files = sorted(path.glob("data/*/*.parquet"))
    spec = robot(path, tmp_path)
    files[1].write_bytes(POINTER)
    report, _ = imported(spec, path, tmp_path / "data")
    assert any("episode_000001.parquet: a Git LFS pointer" in problem for problem in report.problems)
    for file in files:
        file.write_bytes(POINTER)
    with pytest.raises(EpisodeError, match="a Git LFS pointer in place of the file: run `git lfs pull`"):
        Import(spec, [path], ImportSettings(SIDE, STEPS, ANYTHING_GOES))


def test_files_that_are_cut_off_cost_their_episodes(tmp_path):
    path = write_old(tmp_path / "set")
    spec = robot(path, tmp_path)
    rows, video = sorted(path.glob("data/*/*.parquet"))[0], path / video_of(1)
    for file in (rows, video):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    listed = path / "meta/episodes.jsonl"
    listed.write_text(listed.read_text().replace('"length": 47', '"length": -1') + "[1, 2]\nwords\n")
    report, episodes = imported(spec, path, tmp_path / "data")
    told = "\n".join(report.problems)
    assert "episode_000000.parquet: cannot be read" in told
    assert "episode_000001.mp4: " in told and "pictures are lost: Invalid data" in told
    assert "meta/episodes.jsonl: a row is left out: length: got -1" in told
    assert "a row is left out: got [1, 2], expected a mapping" in told
    assert len(episodes) == LENGTHS[3] // 21


@pytest.mark.parametrize(
    "template",
    [
        "../{video_key}/episode_{episode_index:06d}.mp4",
        "/etc/{video_key}.mp4",
        "videos//{episode_index}.mp4",
        "videos/{episode_index.__class__}.mp4",
        "videos/{episode_index:0999999999d}.mp4",
        "videos/{file_index:03d}.mp4",
        "videos/" + "a" * 1000,
        ["videos"],
    ],
)
@pytest.mark.parametrize("which", ["data_path", "video_path"])
def test_templates_that_lead_elsewhere_are_refused(tmp_path, template, which):
    path = write_old(tmp_path / "set", **{which: template})
    with pytest.raises(EpisodeError, match=f"{which}: got .*, expected a path in the data set, with"):
        survey_dataset(path)


def test_columns_by_pattern(tmp_path):
    path = write_old(tmp_path / "set")
    spec = robot(path, tmp_path, "right_?", "left_1")
    assert spec.actions.names == ("right_0", "right_1")
    with pytest.raises(ConfigError, match=r"--columns: got \['middle\*'\], expected names or patterns of"):
        robot(path, tmp_path, "middle*")
    given = {"joints": "observation.state:right_?", "actions": "action:right*,0"}
    with pytest.raises(ConfigError, match="--feature actions: got 4 columns"):
        Import(spec, [path], ImportSettings(SIDE, STEPS, ANYTHING_GOES, features=given))


def test_what_is_out_of_range_says_which_channel_and_why(tmp_path):
    path = write_old(tmp_path / "set")
    file = tmp_path / "mine.yaml"
    text = proposed_robot("mine", path, survey_dataset(path, ["right_?"]))
    file.write_text(text.replace("unit: rad, range: [-0", "unit: rad, range: [-0.01, 0.01], rest: 0.0} #"))
    report, _ = imported(load_robot(file), path, tmp_path / "data")
    (line,) = report.beyond
    assert line.startswith("right_0: -0.4") and ", at least -0.01 rad (in " in line
    assert "set the channel's range in the robot's YAML" in line
    assert "beyond the range of right_0" in report.dropped_s()
    assert report.why_nothing() == line
