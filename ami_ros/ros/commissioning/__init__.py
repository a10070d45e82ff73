# SPDX-License-Identifier: Apache-2.0
"""Watches a robot that is commissioned, gives it goals and breaks things, through topics alone."""
