# SPDX-License-Identifier: Apache-2.0
"""Goal-free motion that explores what a body can do: visited places, and where to go next."""
