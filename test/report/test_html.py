# SPDX-License-Identifier: Apache-2.0
"""The page: complete, self-contained, and safe whatever is written on it."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from ami_ros.errors import ImageError
from ami_ros.report.pictures import overlay, png
from ami_ros.report.statistics import summarise
from ami_ros.sim.tasks.yardstick import METRES, TOLERANCES

pytest.importorskip("matplotlib", reason="the report needs the extra 'train'")
pytest.importorskip("jinja2", reason="the report needs the extra 'train'")
from ami_ros.report.html import ReportData, render_html
from ami_ros.report.plots import error_over_time, plan_times, success_against_baselines

STEP_S = 0.1
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
VOID = {"meta", "img", "source", "link", "br"}


class Balance(HTMLParser):
    """Collects addresses and checks that every tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass  # closes itself

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def data(made_up, tmp_path):
    video = tmp_path / "video.mp4"
    video.write_bytes(b"not really a video")
    results = [made_up(1, 0.01, arrived=8), made_up(2, 0.2)]
    summary = summarise(results, STEP_S)
    return ReportData(
        title="Panda <reach>",
        command="ami-ros demo --goals 2 --seed 1",
        results=results,
        summary=summary,
        baselines={"random": summarise([made_up(3, 0.3)], STEP_S)},
        setup={"planner": "cem", "note": "<script>alert(1)</script>"},
        hardware={"cpu": "made up", "cores": 2},
        versions={"ami_ros": "0"},
        step_s=STEP_S,
        video=video,
    )


def test_page_is_whole_and_needs_no_network(data):
    page = render_html(data)
    parser = Balance()
    parser.feed(page)
    assert parser.open == []
    outside = [address[:60] for address in parser.addresses if not address.startswith("data:")]
    assert outside == ["video.mp4"]
    assert not re.search(r"https?://", page)


def test_page_shows_every_goal_and_how_to_repeat_it(data):
    page = render_html(data)
    assert "1 of 2 goals within 5 cm" in page
    assert "arrived at step 8" in page
    assert "on its way" in page
    assert page.count('alt="goal image"') == 2 and page.count('alt="overlay image"') == 2
    assert "ami-ros demo --goals 2 --seed 1" in page
    assert "Success against baselines" in page


def test_text_is_escaped(data):
    page = render_html(data)
    assert "<script>alert" not in page
    assert "Panda &lt;reach&gt;" in page


def test_page_without_video_and_baselines(data):
    bare = ReportData(**{**vars(data), "video": None, "baselines": {}})
    page = render_html(bare)
    assert "<video" not in page
    assert "Success against baselines" not in page


def test_plots_are_pictures(data):
    drawn = (
        error_over_time(data.results, STEP_S),
        plan_times(data.results),
        success_against_baselines({"cem": data.summary, **data.baselines}, METRES),
    )
    assert all(picture.startswith(PNG_MAGIC) for picture in drawn)


def test_overlay_is_grey_where_images_agree_and_coloured_where_not():
    goal = np.full((6, 9, 3), 100, np.uint8)
    seen = goal.copy()
    seen[:, 5:] = 200
    laid = overlay(goal, seen)
    assert (laid[:, :5] == 100).all()
    assert (laid[0, 6] == [200, 100, 100]).all()
    assert png(laid).startswith(PNG_MAGIC)


def test_overlay_refuses_images_of_two_sizes():
    with pytest.raises(ImageError, match=r"\(6, 9, 3\) and \(9, 6, 3\)"):
        overlay(np.zeros((6, 9, 3), np.uint8), np.zeros((9, 6, 3), np.uint8))


def test_a_body_without_cameras_is_told_in_its_tolerances_and_gets_no_pictures(made_up):
    blind = {"goal_image": None, "final_image": None, "yardstick": TOLERANCES}
    results = [dataclasses.replace(made_up(seed, final), **blind) for seed, final in ((1, 0.5), (2, 3.0))]
    summary = summarise(results, STEP_S)
    page = render_html(
        ReportData(
            title="Plant warm_up",
            command="ami-ros demo",
            results=results,
            summary=summary,
            baselines={"hold": summary},
            setup={"planner": "mppi"},
            hardware={},
            versions={},
            step_s=STEP_S,
            video=None,
            goal="temperatures",
            no_video="this body has no camera",
        )
    )
    parser = Balance()
    parser.feed(page)
    assert parser.open == []
    assert "1 of 2 goals within tolerance" in page and "No video: this body has no camera" in page
    assert "1.8 tolerances" in page and " cm" not in page
    assert "side by side" not in page and 'alt="goal image"' not in page
    assert "got the values that sensor temperatures should measure" in page
