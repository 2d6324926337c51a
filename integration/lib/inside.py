# SPDX-License-Identifier: Apache-2.0
"""Process 1 of a sandbox: sets it up, runs the tests in a child, reaps orphans. When it ends, all end."""
import importlib.util
import os
import sys
import traceback
import unittest
from pathlib import Path

from lib import sandbox, verdict


def load(path: Path, names: list[str]) -> unittest.TestSuite:
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    loader = unittest.defaultTestLoader
    return loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module)


def reap_until(child: int) -> int:
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


def main() -> int:
    if sandbox.of_the_machine(sys.argv[1]):
        return verdict.run(load(Path(sys.argv[1]), sys.argv[2:]))
    sandbox.enter()
    child = os.fork()
    if child:
        return 1 if (code := reap_until(child)) < 0 else code
    code = 1
    try:
        code = verdict.run(load(Path(sys.argv[1]), sys.argv[2:]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
