# SPDX-License-Identifier: Apache-2.0
"""From a model's figures on held-out episodes to words, an expected success, and whether it may plan."""
