# SPDX-License-Identifier: Apache-2.0
"""What the pages show of the code, the settings and the measurements, written from these."""
