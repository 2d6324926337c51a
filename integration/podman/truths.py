# SPDX-License-Identifier: Apache-2.0
"""The list of truths (engines/truths.py) below Podman."""
from engines import podman
from engines.case import case_of

Rootful, Bridge, Rootless = (case_of(adapter) for adapter in (podman.Rootful, podman.Bridge, podman.Rootless))
