# SPDX-License-Identifier: Apache-2.0
"""Servers as their official images run them: the same paths, and an entrypoint that starts as root, fixes owners and drops to a user."""
from workloads import jobs, stores, web

WORKLOADS = (*web.WORKLOADS, *stores.WORKLOADS, *jobs.WORKLOADS)
# What every run of the tests has time for: one that drops privileges itself, and two that do it by gosu and keep something in a volume.
FEW = ("nginx", "redis", "postgres")
