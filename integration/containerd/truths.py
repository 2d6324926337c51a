# SPDX-License-Identifier: Apache-2.0
"""The list of truths (engines/truths.py) below containerd."""
from engines import containerd
from engines.case import case_of

ByCtr, ByCri = (case_of(adapter) for adapter in (containerd.Ctr, containerd.Kubernetes))
