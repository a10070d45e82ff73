# SPDX-License-Identifier: Apache-2.0
"""Settings: what does not belong is refused, by name, with the alternatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from ami_ros.errors import ConfigError
from ami_ros.settings.fields import NULL, flattened, load_settings, read_yaml, setting, with_value
from ami_ros.settings.share import config_path, share_dir

GOOD = {"count": 3, "rate_hz": 2.5, "solver": "cem", "sizes": [1, 2], "on": True}


@dataclass(frozen=True)
class Settings:
    count: int = setting("how many", ge=1, le=10)
    rate_hz: float = setting("how often", gt=0.0, lt=100.0, unit="Hz")
    solver: str = setting("which", choices=("cem", "mppi"))
    sizes: tuple[int, ...] = setting("how large", ge=1)
    on: bool = setting("whether")


def refused(values: dict, key: str) -> str:
    with pytest.raises(ConfigError, match=key) as caught:
        load_settings(Settings, values)
    return str(caught.value)


def test_good_settings_load_and_whole_numbers_become_floats():
    loaded = load_settings(Settings, {**GOOD, "rate_hz": 2})
    assert loaded == Settings(3, 2.0, "cem", (1, 2), True)
    assert type(loaded.rate_hz) is float


def test_overrides_win_and_none_means_not_given():
    loaded = load_settings(Settings, GOOD, {"count": 7, "solver": None})
    assert (loaded.count, loaded.solver) == (7, "cem")


def test_unknown_keys_are_named_with_the_valid_ones():
    message = refused({**GOOD, "cuont": 1, "zzz": 2}, "unknown keys")
    assert "['cuont', 'zzz']" in message
    assert "['count', 'on', 'rate_hz', 'sizes', 'solver']" in message
    assert message.endswith("did you mean ['count']?")


def test_an_unknown_override_is_refused_too():
    with pytest.raises(ConfigError, match="unknown keys"):
        load_settings(Settings, GOOD, {"speed": 1})
    with pytest.raises(ConfigError, match=r"unknown keys \['1'\]"):
        load_settings(Settings, GOOD, {1: 2})


def test_a_null_that_somebody_wrote_is_no_value_that_was_not_given():
    for key in GOOD:
        with pytest.raises(ConfigError, match=f"{key}: got null"):
            load_settings(Settings, GOOD, {key: NULL})
    with pytest.raises(ConfigError, match="unknown keys"):
        load_settings(Settings, GOOD, {"nosuch.key": NULL})


def test_missing_keys_are_named():
    assert "['rate_hz', 'sizes']" in refused({k: GOOD[k] for k in ("count", "solver", "on")}, "missing keys")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("count", 2.0, "int"),
        ("count", True, "int"),
        ("count", "3", "int"),
        ("count", None, "int"),
        ("rate_hz", "fast", "float"),
        ("rate_hz", True, "float"),
        ("rate_hz", [1.0], "float"),
        ("rate_hz", float("nan"), "finite"),
        ("rate_hz", float("inf"), "finite"),
        ("solver", 1, "str"),
        ("sizes", 3, "list of int"),
        ("sizes", [1, 2.5], "int"),
        ("sizes", "12", "list of int"),
        ("on", 1, "bool"),
        ("on", "yes", "bool"),
    ],
)
def test_wrong_types_are_refused_with_both_sides(key, value, expected):
    message = refused({**GOOD, key: value}, f"Settings: {key}")
    assert f"got {value!r}" in message or isinstance(value, list)
    assert expected in message


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("count", 0, ">= 1"),
        ("count", 11, "<= 10"),
        ("rate_hz", 0.0, "> 0.0"),
        ("rate_hz", 100.0, "< 100.0"),
        ("rate_hz", 1e-300, ">= 1e-09"),
        ("rate_hz", 1e300, "a finite number"),
        ("rate_hz", 10**400, "a finite number"),
        ("sizes", [4, 0], ">= 1"),
        ("solver", "cma", r"one of \['cem', 'mppi'\]"),
    ],
)
def test_values_out_of_range_are_refused(key, value, expected):
    refused({**GOOD, key: value}, f"Settings: {key}: got .*expected {expected}")


@pytest.mark.parametrize(("key", "value"), [("count", 1), ("count", 10), ("sizes", [])])
def test_boundaries_are_inside(key, value):
    load_settings(Settings, {**GOOD, key: value})


def test_messages_name_the_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({**GOOD, "count": -1}))
    with pytest.raises(ConfigError, match=f"{path}: count"):
        load_settings(Settings, path)
    with pytest.raises(ConfigError, match="robot.yaml: camera: count"):
        load_settings(Settings, {**GOOD, "count": -1}, where="robot.yaml: camera")


def test_a_missing_file_names_its_neighbours(tmp_path):
    (tmp_path / "planner.yaml").write_text("a: 1")
    with pytest.raises(ConfigError, match=r"plan.yaml: no such file; available there: \['planner.yaml'\]"):
        read_yaml(tmp_path / "plan.yaml")
    with pytest.raises(ConfigError, match="nothing"):
        read_yaml(tmp_path / "nowhere" / "plan.yaml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [1, 2", "not valid YAML"),
        (b"\xff\xfe\x00", "not valid YAML"),
        (b"- 1\n- 2", "got list, expected a mapping"),
        (b"", "got NoneType, expected a mapping"),
        (b"!!python/object/apply:os.system ['false']", "not valid YAML"),
        (
            b"a: 1\nb: {c: 2,\n    c: 3}",
            "not valid YAML: line 3, column 5: got key 'c' twice, first in line 2",
        ),
        (b"a: " + b"[" * 100_000, "not valid YAML: nested too deeply"),
        (b"a: 2001-99-99", "not valid YAML: line 1"),
    ],
    ids=["unclosed", "binary", "list", "empty", "code", "twice", "deep", "no date"],
)
def test_files_that_are_no_settings(tmp_path, content, message):
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        read_yaml(path)
    assert "\n" not in str(caught.value)


def test_paths_that_cannot_be_files(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        read_yaml(tmp_path)
    with pytest.raises(ConfigError, match="cannot be read: File name too long"):
        read_yaml(tmp_path / ("a" * 5000))


def test_a_message_stays_short_whatever_the_file_says(tmp_path):
    """A few references to references, and the value is a list of a billion."""
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join([*lines, "sizes: *a9"]))
    with pytest.raises(ConfigError, match="values, including aliases, expected at most"):
        read_yaml(path)
    bomb = [1] * 10
    for _ in range(9):
        bomb = [bomb] * 10
    assert len(refused({**GOOD, "count": bomb}, "count: got .*expected int")) < 3000
    assert len(refused({**GOOD, **dict.fromkeys(range(20_000))}, "unknown keys")) < 3000
    assert len(refused({**GOOD, "count": "x" * 10**6}, "count: got 'xx.*expected int")) < 300


def test_settings_carry_what_a_ros_parameter_needs():
    assert {field.name: field.metadata["doc"] for field in fields(Settings)}["count"] == "how many"
    assert next(f for f in fields(Settings) if f.name == "rate_hz").metadata["unit"] == "Hz"


@pytest.mark.parametrize("path", sorted(share_dir().joinpath("config").rglob("*.yaml")), ids=lambda p: p.name)
def test_shipped_files_are_mappings(path: Path):
    assert read_yaml(path) == yaml.safe_load(path.read_text())


def test_config_path_lies_below_the_share_directory():
    assert config_path("robots", "panda.yaml") == share_dir() / "config" / "robots" / "panda.yaml"


@dataclass(frozen=True)
class Wheel:
    radius: float = setting("of it", gt=0.0, unit="m")


@dataclass(frozen=True)
class Leg:
    joints: int = setting("in it", ge=1)


def part(name: str) -> type:
    if name not in ("wheel", "leg"):
        raise ConfigError(f"parts: got {name!r}, expected some of ['leg', 'wheel']")
    return {"wheel": Wheel, "leg": Leg}[name]


@dataclass(frozen=True)
class Machine:
    speed: float = setting("of it", ge=0.0)
    parts: Mapping[str, Any] = setting("what it has", sections=part)


MACHINE = {"speed": 1.0, "parts": {"wheel": {"radius": 0.5}, "leg": {"joints": 3}}}


def test_a_section_has_settings_of_its_own_by_name():
    loaded = load_settings(Machine, MACHINE)
    assert loaded == Machine(1.0, {"wheel": Wheel(0.5), "leg": Leg(3)})
    assert load_settings(Machine, asdict(loaded)) == loaded
    assert list(loaded.parts) == ["wheel", "leg"]
    assert MACHINE["parts"]["wheel"] == {"radius": 0.5}


def test_a_dot_leads_into_a_section():
    loaded = load_settings(Machine, MACHINE, {"parts.wheel.radius": 2, "speed": 3.0})
    assert loaded == Machine(3.0, {"wheel": Wheel(2.0), "leg": Leg(3)})
    assert MACHINE["parts"]["wheel"] == {"radius": 0.5}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parts.wheel.radius": 0.0}, "Machine: parts.wheel: radius: got 0.0, expected > 0.0"),
        ({"parts.wheel.width": 1.0}, r"Machine: parts.wheel: unknown keys \['width'\]"),
        ({"parts.wing.span": 1.0}, r"parts: got 'wing', expected some of \['leg', 'wheel'\]"),
        ({"parts.leg": 2}, "Machine: parts.leg: got 2, expected a mapping of settings"),
        ({"parts": [1]}, r"Machine: parts: got \[1\], expected a mapping of settings by name"),
        (
            {"speed.most": 2.0},
            "Machine: speed.most: got a setting of speed, which has no settings of its own",
        ),
        (
            {"parts.leg.joints.first": 2},
            "joints.first: got a setting of joints, which has no settings of its own",
        ),
    ],
)
def test_sections_that_do_not_fit_are_named(changes, message):
    with pytest.raises(ConfigError, match=message):
        load_settings(Machine, MACHINE, changes)


def test_every_setting_has_one_full_name():
    found = flattened(load_settings(Machine, MACHINE))
    assert [(it.name, it.value, it.kind) for it in found] == [
        ("speed", 1.0, float),
        ("parts.wheel.radius", 0.5, float),
        ("parts.leg.joints", 3, int),
    ]
    assert found[1].rules["unit"] == "m"
    values: dict = {}
    for it in found:
        values = with_value(values, it.name, it.value, "here")
    assert values == MACHINE
