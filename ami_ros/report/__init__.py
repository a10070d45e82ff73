# SPDX-License-Identifier: Apache-2.0
"""Plots, videos and the HTML report."""
