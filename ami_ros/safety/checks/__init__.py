# SPDX-License-Identifier: Apache-2.0
"""One file per reason to slow, hold or stop."""
