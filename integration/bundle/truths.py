# SPDX-License-Identifier: Apache-2.0
"""The list of truths (engines/truths.py) with no engine above."""
from engines import bundle
from engines.case import case_of

Runc, Crun = (case_of(adapter) for adapter in (bundle.Runc, bundle.Crun))
