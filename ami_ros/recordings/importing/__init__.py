# SPDX-License-Identifier: Apache-2.0
"""Import recordings of any robot with a YAML description: episodes, and a report of problems."""
