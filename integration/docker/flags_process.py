# SPDX-License-Identifier: Apache-2.0
"""docs/docker-flags.md, line by line: integration/flags/process.py says what is run and expected."""
from flags import process
from flags.run import FlagCase, tests_of

FlagsProcess = type("FlagsProcess", (FlagCase,), tests_of(process.SECTIONS))
del FlagCase
