# SPDX-License-Identifier: Apache-2.0
"""docs/docker-flags.md, line by line: integration/flags/files.py says what is run and expected."""
from flags import files
from flags.run import FlagCase, tests_of

FlagsFiles = type("FlagsFiles", (FlagCase,), tests_of(files.SECTIONS))
del FlagCase
