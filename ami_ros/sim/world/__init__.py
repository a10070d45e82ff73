# SPDX-License-Identifier: Apache-2.0
"""The simulated robot and its world."""
