# SPDX-License-Identifier: Apache-2.0
"""What long work says of itself where nobody sees a bar: in a log, in CI, under nohup."""

from __future__ import annotations

import time

import pytest

from ami_ros.cli import progress


class Log:
    """What the work printed on a stderr that is no terminal."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys, self._text = capsys, ""

    def read(self) -> str:
        self._text += self._capsys.readouterr().err
        return self._text

    def wait_for(self, text: str) -> None:
        for _ in range(3000):
            if text in self.read():
                return
            time.sleep(0.01)
        pytest.fail(f"{text!r} is not in {self._text!r}")


@pytest.fixture
def log(monkeypatch, capsys):
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.005)  # a minute
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return Log(capsys)


def test_lines_come_while_one_item_takes_long_and_one_at_the_end(log):
    with progress.progress_bar("collect", 300) as bar:
        bar.update(12, note="episode_00012.npz")
        log.wait_for(" 12/300")
        bar.update(288, note="all")
    assert "episode_00012.npz" in log.read()
    last = log.read().splitlines()[-1]
    assert "300/300" in last and "all" in last


def test_a_step_whose_length_is_unknown_at_first(log):
    with progress.progress_bar("shadow", None, columns=[], note="starting") as bar:
        log.wait_for("shadow starting\n")
        bar.move_to(2, "standing", 5)
    assert log.read().splitlines()[-1].split() == ["shadow", "standing"]


def test_what_another_process_shows_prints_nothing(log):
    with progress.progress_bar("read", 3, shown=False) as bar:
        bar.update(3)
    assert log.read() == ""
