# SPDX-License-Identifier: Apache-2.0
"""A disk for temporary files that is full, or not there, is told with its place."""

from __future__ import annotations

import subprocess
import sys
import tempfile

import pytest
from child_environment import child_environment

from ami_ros.errors import OutputError
from ami_ros.system.temporary_space import temporary_space


def test_a_full_disk_is_told_with_its_place():
    told = f"^{tempfile.gettempdir()}: cannot write a temporary file .No space"
    with (
        pytest.raises(OutputError, match=told),
        temporary_space(),
        open("/dev/full", "wb", buffering=0) as file,
    ):
        file.write(b"x")


def test_no_place_at_all_is_told(tmp_path):
    code = "import tempfile; tempfile._candidate_tempdir_list = lambda: ['/nowhere']\n"
    code += "from ami_ros.system.temporary_space import temporary_space\n"
    code += "with temporary_space(): tempfile.TemporaryFile()"
    environment = child_environment(TMPDIR="/nowhere")
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert run.stderr.splitlines()[-1].startswith(
        "ami_ros.errors.OutputError: /nowhere: cannot write a temporary file"
    )
