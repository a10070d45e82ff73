# SPDX-License-Identifier: Apache-2.0
"""Where the package's data are found: a checkout, an ament prefix, the Python prefix."""

from __future__ import annotations

import sys

import pytest

import ami_ros.settings.share
from ami_ros.errors import ConfigError
from ami_ros.settings.share import config_path, share_dir


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """As if the package lay in <tmp>/lib/python3/site-packages and no checkout were near."""
    package = tmp_path / "prefix" / "lib" / "python3" / "site-packages" / "ami_ros"
    package.mkdir(parents=True)
    monkeypatch.setattr(ami_ros.settings.share, "__file__", str(package / "settings" / "share.py"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "python"))
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    return tmp_path


def data_in(prefix):
    share = prefix / "share" / "ami_ros"
    (share / "config" / "robots").mkdir(parents=True)
    return share


def test_data_are_found_where_these_tests_run():
    assert config_path("robots", "panda.yaml").is_file()
    assert config_path("planner.yaml").parent == share_dir() / "config"


def test_installed_the_prefix_above_the_package_is_found(installed):
    share = data_in(installed / "prefix")
    assert share_dir() == share


def test_an_ament_prefix_comes_before_it(installed, monkeypatch):
    data_in(installed / "prefix")
    overlay = data_in(installed / "overlay")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{installed / 'empty'}:{installed / 'overlay'}")
    assert share_dir() == overlay


def test_the_python_prefix_is_the_last_resort(installed):
    share = data_in(installed / "python")
    assert share_dir() == share


def test_nothing_found_says_where_it_looked(installed):
    with pytest.raises(ConfigError, match="expected a directory with config/robots, looked in") as caught:
        share_dir()
    assert str(installed / "python" / "share" / "ami_ros") in str(caught.value)
