"""Settings of the tests of the tasks."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Time says nothing on a machine that does other work besides.
settings.register_profile("spanloom", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("spanloom")
