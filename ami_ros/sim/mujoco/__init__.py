# SPDX-License-Identifier: Apache-2.0
"""Arms in MuJoCo."""

import os

os.environ.setdefault("MUJOCO_GL", "egl")  # off-screen; mujoco reads it when it is imported
