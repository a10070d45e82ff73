# SPDX-License-Identifier: Apache-2.0
"""Recordings as rosbag2 keeps them: written so that a crash costs a second, and read whoever wrote them."""
