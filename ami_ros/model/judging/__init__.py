# SPDX-License-Identifier: Apache-2.0
"""Turns a model's figures on held-out episodes into words, an expected success and a permission to plan."""
