# SPDX-License-Identifier: Apache-2.0
"""Exports of a plant's historian become episodes, and whatever is wrong with them is said."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bodies.yaml_bodies import process_body
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ami_ros.api.recording import open_recording
from ami_ros.errors import ConfigError, EpisodeError

pytest.importorskip("rosbags", reason="needs the extra 'record'", exc_type=ImportError)

ROWS, STEP_S = 320, 0.2  # the plant's control step
HEADINGS = ("time", "boiler [degC]", "outlet", "pressure", "outflow (l/min)", "heater", "valve")


def rows() -> list[list[Any]]:
    """A minute of a plant whose valve is moved every two seconds."""
    generator, found = np.random.default_rng(3), []
    for at in range(ROWS):
        heater, valve = 20.0 + 100.0 * ((at // 10) % 2), 30.0 + 5.0 * ((at // 10) % 5)
        noise = generator.normal(0.0, 0.01, 4)
        found.append(
            [at * STEP_S, 20.0 + noise[0], 18.0 + noise[1], 3.0 + noise[2], 0.5 + noise[3], heater, valve]
        )
    return found


def write(
    path: Path, cells: list[list[Any]], headings: tuple[str, ...] = HEADINGS, delimiter: str = ","
) -> Path:
    lines = [delimiter.join(map(str, row)) for row in [headings, *cells]]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def robot(tmp_path: Path) -> str:
    return str(process_body(tmp_path))


def opened(path: Path, robot: str, **given: Any) -> Any:
    return open_recording(path, robot, "recorded", **given)


def test_a_table_becomes_episodes(tmp_path, robot):
    cells = rows()
    found = opened(write(tmp_path / "plant.csv", cells), robot)
    assert found.report.actions_from == "actions" and len(found.episodes) >= 8
    assert found.report.problems == []
    assert found.report.topics["temperatures"].topic == "boiler [degC], outlet"
    first = found.episodes[0]
    at = int(np.argmin([abs(row[1] - first.vectors["temperatures"][0, 0]) for row in cells]))
    np.testing.assert_allclose(
        first.vectors["temperatures"][:5, 1], [row[2] for row in cells[at : at + 5]], rtol=1e-5
    )
    np.testing.assert_allclose(first.actions[:25], [row[5:] for row in cells[at : at + 25]], rtol=1e-5)


def test_dates_semicolons_and_decimal_commas(tmp_path, robot):
    plain = opened(write(tmp_path / "plain.csv", rows()), robot)
    cells = [[str(value).replace(".", ",") for value in row] for row in rows()]
    for at, row in enumerate(cells):
        row[0] = f"2026-12-02T08:{at * 200 // 60_000:02}:{at * 200 / 1000 % 60:06.3f}Z"
    found = opened(write(tmp_path / "comma.csv", cells, delimiter=";"), robot)
    assert len(found.episodes) == len(plain.episodes)
    for one, other in zip(found.episodes, plain.episodes, strict=True):
        np.testing.assert_allclose(one.vectors["flow"], other.vectors["flow"], rtol=1e-5)
        np.testing.assert_array_equal(one.actions, other.actions)


def test_a_row_for_each_reading(tmp_path, robot):
    """As many historians export; set points only where they change."""
    long, last = [], {}
    for row in rows():
        for name, value in zip(
            ("boiler", "outlet", "inlet", "outflow", "heater", "valve"), row[1:], strict=True
        ):
            if name not in ("heater", "valve") or last.get(name) != value:
                long.append([row[0], f"U1.{name}", value])
            last[name] = value
    path = write(tmp_path / "long.csv", long, ("Timestamp", "Tag", "Value"))
    names = {"boiler": "boiler", "outlet": "outlet", "inlet": "inlet", "outflow": "outflow"}
    columns = {name: f"U1.{tag}" for name, tag in {**names, "heater": "heater", "valve": "valve"}.items()}
    found = opened(path, robot, columns=columns)
    plain = opened(write(tmp_path / "plain.csv", rows()), robot)
    assert len(found.episodes) == len(plain.episodes)
    np.testing.assert_allclose(found.episodes[1].actions, plain.episodes[1].actions)


def test_parquet(tmp_path, robot):
    pa = pytest.importorskip("pyarrow", reason="needs the extra 'lerobot'")
    import pyarrow.parquet as pq

    cells = rows()
    columns = {name: [float(row[at]) for row in cells] for at, name in enumerate(HEADINGS)}
    columns["time"] = pa.array([round(1e9 * row[0]) for row in cells], pa.timestamp("ns"))
    pq.write_table(pa.table({**columns, "remark": ["fine"] * len(cells)}), tmp_path / "plant.parquet")
    found = opened(tmp_path / "plant.parquet", robot)
    plain = opened(write(tmp_path / "plain.csv", cells), robot)
    for one, other in zip(found.episodes, plain.episodes, strict=True):
        np.testing.assert_array_equal(one.vectors["pressure"], other.vectors["pressure"])
    columns["pressure"] = ["three"] * len(cells)
    pq.write_table(pa.table(columns), tmp_path / "text.parquet")
    with pytest.raises(EpisodeError, match="pressure"):
        opened(tmp_path / "text.parquet", robot)
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "plant.parquet").read_bytes()[:-40])
    with pytest.raises(EpisodeError, match="cannot be read as Parquet"):
        opened(tmp_path / "cut.parquet", robot)


def test_gaps_duplicates_disorder_and_text(tmp_path, robot):
    cells = rows()
    cells[50][1] = "I/O Timeout"
    cells[51][2] = ""
    cells[52][3] = "nan"
    del cells[200:220]  # four seconds
    cells.insert(100, list(cells[100]))
    cells[10], cells[11] = cells[11], cells[10]
    cells.append([1.0, 2.0])
    cells.append(["yesterday", *cells[0][1:]])
    found = opened(write(tmp_path / "bad.csv", cells), robot)
    report = found.report
    assert report.topics["temperatures"].malformed == 1
    assert report.topics["temperatures"].reason == "got 'I/O Timeout', expected a number"
    assert report.topics["pressure"].malformed == 1
    assert report.topics["pressure"].duplicates == 1
    assert [round(length, 1) for _, length in report.topics["flow"].gaps] == [4.2]
    assert any("1 rows are older" in note for note in report.notes)
    assert any("got 2 cells, expected 7" in problem for problem in report.problems)
    assert any("got 'yesterday' for a time, expected a number of s" in problem for problem in report.problems)
    edges = [(span.begin_s, span.end_s) for span in report.used]
    assert all(not (begin < 42.0 < end) for begin, end in edges)
    whole = opened(write(tmp_path / "whole.csv", rows()), robot)
    assert 0 < len(found.episodes) < len(whole.episodes)


@pytest.mark.parametrize(
    ("headings", "message"),
    [
        (("time", "boiler [K]", *HEADINGS[2:]), r"boiler: column 'boiler \[K\]' is in K, expected degC"),
        (
            ("time", "drum", *HEADINGS[2:]),
            r"got no column of temperatures.boiler or boiler; name it with --column",
        ),
        (("when", *HEADINGS[1:]), r"got no column of time or timestamp; name it with --column time=HEADING"),
        (("time [days]", *HEADINGS[1:]), r"got times in days, expected one of"),
    ],
)
def test_a_column_that_is_missing_or_of_another_unit(tmp_path, robot, headings, message):
    with pytest.raises((ConfigError, EpisodeError), match=message):
        opened(write(tmp_path / "plant.csv", rows(), headings), robot)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a heading"),
        ("\n\n", "expected a heading"),
        (",".join(HEADINGS) + "\n", "got a heading without rows"),
        (",".join(HEADINGS) + "\n" + "x,1,1,1,1,1,1\n" * 9, "got no row with a time"),
        ("\0\0\xff\xfe" * 50, "got a heading without rows"),
    ],
)
def test_a_file_that_is_no_table(tmp_path, robot, text, message):
    (tmp_path / "plant.csv").write_text(text, encoding="latin-1")
    with pytest.raises((ConfigError, EpisodeError), match=message):
        opened(tmp_path / "plant.csv", robot)


def test_set_points_out_of_range_are_left_out(tmp_path, robot):
    cells = rows()
    for row, value in zip(cells[100:140], itertools.cycle([20.0, 5000.0])):
        row[5] = value
    found = opened(write(tmp_path / "plant.csv", cells), robot)
    assert any("heater" in line and "5000" in line for line in found.report.beyond)


def test_a_robot_with_a_camera_needs_pictures(tmp_path):
    with pytest.raises(ConfigError, match="a table has no pictures"):
        opened(write(tmp_path / "plant.csv", rows()), "panda")


def test_options_name_columns_that_exist(tmp_path, robot):
    path = write(tmp_path / "plant.csv", rows())
    with pytest.raises(ConfigError, match="--column boiler: got 'TI-1', expected one of time, boiler"):
        opened(path, robot, columns={"boiler": "TI-1"})
    with pytest.raises(ConfigError, match=r"--column: got \['drum'\], expected some of"):
        opened(path, robot, columns={"drum": "boiler"})


CELLS = st.one_of(
    st.sampled_from(
        ["", "1", "-2.5e3", "1,5", "NaN", "1e999", "0x10", "Bad", '"', "2026-12-02", "2026-13-40", "1_0"]
    ),
    st.text(max_size=4),
)


@pytest.mark.slow
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELLS, min_size=6, max_size=8), max_size=12), st.sampled_from(",;\t"))
def test_whatever_the_cells_hold_there_are_episodes_or_one_line(tmp_path, robot, cells, delimiter):
    path = tmp_path / "plant.csv"
    lines = [delimiter.join(row) for row in [list(HEADINGS), *cells]]
    path.write_text("\n".join(lines), encoding="utf-8", errors="replace")
    with pytest.raises((ConfigError, EpisodeError)) as caught:
        opened(path, robot)
    assert str(caught.value).count("\n") == 0


def test_a_line_without_end(tmp_path, robot):
    path = write(tmp_path / "plant.csv", rows())
    with path.open("a") as file:
        file.write('"' + "7" * 3_000_000)
    found = opened(path, robot)
    assert found.episodes
    assert any("field larger than field limit" in problem for problem in found.report.problems)


def banded(tmp_path: Path) -> str:
    def change(values):
        band = {"boiler": {"band": [0.0, 95.0], "turn_s": 1.0}}
        values["sensors"]["temperatures"]["envelope"] = band

    return str(process_body(tmp_path, change))


@pytest.mark.parametrize(("offset", "says"), [(0.0, False), (273.15, True)], ids=["celsius", "kelvin"])
def test_values_outside_their_band_are_named_although_they_are_kept(tmp_path, offset, says):
    cells = [[row[0], row[1] + offset, *row[2:]] for row in rows()]
    headings = ("time", "boiler", *HEADINGS[2:])
    found = opened(write(tmp_path / "plant.csv", cells, headings), banded(tmp_path))
    said = [note for note in found.report.notes if "temperatures.boiler" in note]
    assert bool(said) == says and len(found.episodes) >= 8
    if says:
        assert "its band is 0 to 95 degC (100% of the readings are outside): another unit?" in said[0]


def test_readings_that_are_always_too_old_are_no_gaps(tmp_path, robot):
    cells = [[4.0 * row[0], *row[1:]] for row in rows()]  # every 0.8 s; max_age_s is 0.5
    with pytest.raises(
        EpisodeError, match=r"readings of temperatures come every 0.8 s, and max_age_s .* 0.5"
    ):
        opened(write(tmp_path / "plant.csv", cells), robot)


def test_a_table_whose_times_stand_still(tmp_path, robot):
    cells = [[7.0, *row[1:]] for row in rows()]
    with pytest.raises(EpisodeError, match=r"got one moment, 7.000 s, for all readings"):
        opened(write(tmp_path / "plant.csv", cells), robot)
