# SPDX-License-Identifier: Apache-2.0
"""Tables of a plant's historian: a column for each value of a sensor, and for each channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from pathlib import Path

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.errors import AmiError, ConfigError, EpisodeError, shown
from ami_ros.recordings.importing.roles import RECORDED
from ami_ros.recordings.importing.signals import SignalReader
from ami_ros.recordings.importing.track import TopicHealth
from ami_ros.recordings.tables.heading import Heading, same_unit
from ami_ros.recordings.tables.table import Series, Table, TableInput, is_parquet

TIME = "time"  # role of the column with times
KIND = "column of a table"


class TableSource:
    """One table; a `Source`.

    Set points hold until the next one: where a row has none, the last one counts. Values of one sensor count
    where all of them were measured at one moment.

    Args:
        spec: the robot.
        path: of the file.
        columns: value of a sensor, channel or ``time`` -> its heading, where that has another name.

    Raises:
        EpisodeError: it cannot be read.
        ConfigError: a column is missing, or has another unit; lists what there is.
    """

    def __init__(self, spec: RobotSpec, path: Path, columns: Mapping[str, str]) -> None:
        self.path, self._spec = path, spec
        self._input = _input_of(path)
        self.count, self.problems, self.notes = self._input.rows, self._input.problems, list[str]()
        if spec.images:
            raise ConfigError(f"{path}: a table has no pictures, expected a robot without camera")
        finder = _Finder(path, self._input.headings, columns)
        self._time = finder.time(self._input.times())
        self._values = {
            sensor.name: [finder.value(sensor, name, unit, spec) for name, unit in sensor.values]
            for sensor in spec.vectors
        }
        self._channels = [finder.channel(it.name, it.unit) for it in spec.actions.channels]
        finder.check()

    def read(self, reader: SignalReader, on_read: Callable[[int], object]) -> None:
        """Pass all rows to the reader."""
        wanted = dict.fromkeys([name for names in self._values.values() for name in names] + self._channels)
        table = self._input.read(self._time, list(wanted))
        self.notes += table.notes
        reader.begin_run()
        shift = _Shift(reader, str(self.path), table)
        for sensor in self._spec.vectors:
            names = self._values[sensor.name]
            health = reader.health(sensor.name, ", ".join(names), KIND, sensor.rate_hz)
            self._take(sensor, [table.columns[name] for name in names], health, reader, shift)
        self._take_actions([table.columns[name] for name in self._channels], table, reader, shift)
        on_read(self.count)

    def _take(
        self,
        sensor: VectorSensor,
        series: Sequence[Series],
        health: TopicHealth,
        reader: SignalReader,
        shift: _Shift,
    ) -> None:
        for one in series:
            _count_bad(one, health)
        common = reduce(np.intersect1d, [one.times for one in series])
        # Readings of a single value are all passed on: those of one moment are counted as such.
        times = series[0].times if len(series) == 1 else common
        values = np.stack([one.values if len(series) == 1 else one.at(common) for one in series], axis=-1)
        for time_ns, row in zip(times.tolist(), values, strict=True):
            health.messages += 1
            try:
                reader.take_vector(sensor, shift.of(time_ns), row, True)
            except AmiError as error:
                health.fail(str(error))

    def _take_actions(
        self, series: Sequence[Series], table: Table, reader: SignalReader, shift: _Shift
    ) -> None:
        health = reader.health(RECORDED, ", ".join(self._channels), KIND, None)
        for one in series:
            _count_bad(one, health)
        times = np.unique(table.times)
        set_points = np.stack([one.at(times) for one in series], axis=-1)
        for time_ns, row in zip(times.tolist(), set_points, strict=True):
            if np.isfinite(row).all():
                health.messages += 1
                reader.take_action(shift.of(time_ns), row)


def _count_bad(series: Series, health: TopicHealth) -> None:
    if series.bad:
        health.messages += series.bad
        health.fail(series.reason, series.bad)


class _Shift:
    """From a table's times to those of all recordings, in the order of time."""

    def __init__(self, reader: SignalReader, source: str, table: Table) -> None:
        times = np.unique(table.times).tolist()
        self._times = {time_ns: reader.time_of(source, time_ns) for time_ns in times}

    def of(self, time_ns: int) -> int:
        """Return the common time of a row."""
        return self._times[time_ns]


class _Finder:
    """Finds columns by name; unit in brackets, case and the name of the sensor don't matter."""

    def __init__(self, path: Path, headings: Sequence[str], given: Mapping[str, str]) -> None:
        self._path, self._headings, self._given = path, headings, dict(given)
        self._plain: dict[str, str] = {}
        for heading in headings:
            for name in (heading, Heading.of(heading).name):
                self._plain.setdefault(name.lower(), heading)
        self._missing: list[str] = []
        self._units: list[str] = []
        self._used: set[str] = set()

    def time(self, found: str) -> str:
        """Return the heading of the times, by default the one that was `found`."""
        self._used.add(TIME)
        return found if found and TIME not in self._given else self._find(TIME, (TIME, "timestamp"))

    def value(self, sensor: VectorSensor, name: str, unit: str, spec: RobotSpec) -> str:
        """Return the heading of a value of a sensor."""
        full, alone = f"{sensor.name}.{name}", sum(name in other.names for other in spec.vectors) == 1
        names = (full, *([name] if alone else []), *([sensor.name] if len(sensor.values) == 1 else []))
        return self._of_unit(full, self._find(names[1] if alone else full, names), unit)

    def channel(self, name: str, unit: str) -> str:
        """Return the heading of the set point of a channel."""
        return self._of_unit(name, self._find(name, (f"{name}.setpoint", f"{name}.sp", name)), unit)

    def check(self) -> None:
        """Raise ConfigError where something was not found, or has another unit."""
        there = ", ".join(self._headings)
        if unknown := sorted(set(self._given) - self._used):
            raise ConfigError(f"--column: got {unknown}, expected some of {sorted(self._used)}")
        if self._missing:
            name = self._missing[0].split(" or ")[0]
            raise ConfigError(
                f"{self._path}: got no column of {', '.join(self._missing)}; name it with --column "
                f"{name}=HEADING. Available: {there}"
            )
        if self._units:
            raise ConfigError(
                f"{self._path}: {'; '.join(self._units)}: convert the column, or rename its unit"
            )

    def _find(self, role: str, names: Sequence[str]) -> str:
        self._used |= {role, *names[:1]}
        given = next((self._given[name] for name in (role, *names) if name in self._given), None)
        self._used |= {name for name in (role, *names) if name in self._given}
        if given is not None:
            if given.lower() not in self._plain:
                raise ConfigError(
                    f"--column {role}: got {shown(given)}, expected one of {', '.join(self._headings)}"
                )
            return self._plain[given.lower()]
        found = next((self._plain[name.lower()] for name in names if name.lower() in self._plain), None)
        if found is None:
            self._missing.append(" or ".join(dict.fromkeys(names)))
            return ""
        return found

    def _of_unit(self, what: str, heading: str, expected: str) -> str:
        unit = Heading.of(heading).unit
        if unit and expected and not same_unit(unit, expected):
            self._units.append(f"{what}: column {shown(heading)} is in {unit}, expected {expected}")
        return heading


def _input_of(path: Path) -> TableInput:
    if is_parquet(path):
        from ami_ros.recordings.tables.parquet_table import ParquetTable  # an optional extra

        return ParquetTable(path)
    from ami_ros.recordings.tables.csv_table import CsvTable

    found = CsvTable(path)
    if not found.rows:
        raise EpisodeError(f"{path}: got a heading without rows")
    return found
