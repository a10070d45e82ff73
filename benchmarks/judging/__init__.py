# SPDX-License-Identifier: Apache-2.0
"""Models from good to deliberately bad: does their measured success match the expected one?"""
