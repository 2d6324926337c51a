# SPDX-License-Identifier: Apache-2.0
"""The list of truths (engines/truths.py) below Docker."""
from engines import docker
from engines.case import case_of

ByRuntime, AsDefault, ContainerdStore, Rootless = (
    case_of(adapter) for adapter in (docker.ByRuntime, docker.AsDefault, docker.ContainerdStore, docker.Rootless)
)
