# SPDX-License-Identifier: Apache-2.0
"""TwoRoom of stable-worldmodel: pictures of a dot, a wall with a door, and an expert's recordings."""
