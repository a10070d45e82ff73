# SPDX-License-Identifier: Apache-2.0
"""A plant's list of tags: what is measured, and what may be set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ami_ros.errors import ConfigError, shown
from ami_ros.recordings.tables.csv_file import CsvFile
from ami_ros.recordings.tables.csv_table import number_of

# Other headings that mean the same.
HEADINGS = {
    "tag": ("tag", "name", "tagname", "tag_name", "point"),
    "unit": ("unit", "units", "eu", "uom"),
    "low": ("low", "lo", "min", "minimum", "range_low"),
    "high": ("high", "hi", "max", "maximum", "range_high"),
    "kind": ("kind", "type", "role"),
    "period_s": ("period_s", "scan_s", "interval_s"),
    "rate": ("rate", "velocity", "rate_per_s"),
    "rest": ("rest", "safe", "fail_safe"),
}
REQUIRED = ("tag", "unit", "low", "high")
MEASURED = ("pv", "measured", "sensor", "ai", "in", "input")
SET = ("sp", "set", "mv", "op", "setpoint", "set point", "actuator", "ao", "out", "output")
_ENDS_AS_SET = re.compile(r"[ ._-](sp|mv|op|set|setpoint)$", re.IGNORECASE)


@dataclass(frozen=True)
class Tag:
    """One tag.

    Attributes:
        name: as the plant calls it.
        unit: of its values.
        low: of a measured value the lowest that is allowed, of a set point the lowest that may be set.
        high: likewise.
        is_set: a set point; otherwise measured.
        told: whether the list says which of both it is.
        period_s: from one value to the next; None: not said.
        rate: largest change per second; None: not said.
        rest: where a set point goes when the plant must be safe; None: not said.
    """

    name: str
    unit: str
    low: float
    high: float
    is_set: bool
    told: bool = True
    period_s: float | None = None
    rate: float | None = None
    rest: float | None = None

    @property
    def identifier(self) -> str:
        """Its name in letters, digits and _, as YAML and ROS need it."""
        plain = re.sub(r"\W+", "_", self.name, flags=re.ASCII).strip("_").lower()
        return plain if plain[:1].isalpha() else f"tag_{plain}"


def read_tags(path: Path) -> list[Tag]:
    """Read a list of tags from a CSV file.

    Raises:
        EpisodeError: it cannot be read.
        ConfigError: columns are missing, a cell is invalid, or a kind of tag is missing; names the row.
    """
    file = CsvFile(path)
    plain = [heading.lower() for heading in file.headings]
    place = {
        what: next((plain.index(name) for name in names if name in plain), -1)
        for what, names in HEADINGS.items()
    }
    if missing := [what for what in REQUIRED if place[what] < 0]:
        raise ConfigError(
            f"{path}: got columns {file.headings}, expected {', '.join(missing)} too; optional: "
            f"{', '.join(what for what in HEADINGS if what not in REQUIRED)}"
        )
    tags = []
    for number, cells in enumerate(file.cells(), start=2):
        where = f"{path}: row {number}"
        if len(cells) != len(file.headings):
            raise ConfigError(f"{where}: got {len(cells)} cells, expected {len(file.headings)}")
        tags.append(_tag({w: cells[at].strip() for w, at in place.items() if at >= 0}, where, file.comma))
    names = [tag.identifier for tag in tags]
    if twice := sorted({tag.name for tag in tags if names.count(tag.identifier) > 1}):
        raise ConfigError(f"{path}: got {twice} twice, expected each tag once")
    for is_set, what, kinds in ((False, "measured", MEASURED), (True, "set", SET)):
        if not any(tag.is_set is is_set for tag in tags):
            raise ConfigError(
                f"{path}: got no tag that is {what}, expected one: kind says so, as in {kinds[0]}"
            )
    return tags


def _tag(cells: dict[str, str], where: str, comma: bool) -> Tag:
    numbers: dict[str, float | None] = {}
    for what in ("low", "high", "period_s", "rate", "rest"):
        text = cells.get(what, "")
        numbers[what] = number_of(text, comma)
        if (text or what in REQUIRED) and numbers[what] is None:
            raise ConfigError(f"{where}: {what}: got {shown(text)}, expected a number")
    name, kind = cells["tag"], cells.get("kind", "").lower()
    low, high, rest = numbers["low"], numbers["high"], numbers["rest"]
    if not name or low is None or high is None or not low < high:
        raise ConfigError(
            f"{where}: got tag {shown(name)} from {low} to {high}, expected a name, low below high"
        )
    if kind and kind not in (*MEASURED, *SET):
        raise ConfigError(f"{where}: kind: got {shown(kind)}, expected one of {[*MEASURED, *SET]}")
    for what in ("period_s", "rate"):
        value = numbers[what]
        if value is not None and value <= 0.0:
            raise ConfigError(f"{where}: {what}: got {value:g}, expected a positive number")
    if rest is not None and not low <= rest <= high:
        raise ConfigError(f"{where}: rest: got {rest:g}, expected {low:g} to {high:g}")
    is_set = kind in SET if kind else _ENDS_AS_SET.search(name) is not None
    return Tag(name, cells["unit"], low, high, is_set, bool(kind), numbers["period_s"], numbers["rate"], rest)
