# SPDX-License-Identifier: Apache-2.0
"""Arguments and environment of the launch files."""
