# SPDX-License-Identifier: Apache-2.0
"""From recordings of any robot that a YAML describes to episodes, and a report of what is wrong with them."""
