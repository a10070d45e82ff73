# SPDX-License-Identifier: Apache-2.0
"""PointMaze of OGBench: goals far beyond the horizon, from logged pieces of the way."""
