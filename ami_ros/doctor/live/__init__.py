# SPDX-License-Identifier: Apache-2.0
"""A robot's live topics, compared with its YAML."""
