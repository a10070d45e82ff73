# SPDX-License-Identifier: Apache-2.0
"""Watches a robot under commissioning, gives it goals and breaks things, through topics alone."""
