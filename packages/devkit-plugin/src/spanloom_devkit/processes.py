"""Asking plugins in a process of their own, so that one that crashes takes nothing else down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from spanloom.plugins.tables import Finding

__all__ = ["LIMIT", "environment", "run_python"]

LIMIT = 60.0
"""Seconds that such a process may take."""

_ENVIRONMENT = """
import json, sys
from dataclasses import asdict
from spanloom.plugins.hooks import manager
from spanloom.plugins.tables import Report
report = Report()
manager().report("check_environment", report)
for failure in manager().failures if json.loads(sys.argv[1]) else ():
    if failure.stage != "call" or failure.name != "check_environment":
        report.owner = failure.dist
        report.error(str(failure))
print(json.dumps([asdict(each) for each in report.findings]))
"""


def environment(limit: float = LIMIT, *, failures: bool = True) -> list[Finding]:
    """What the plugins (and core) say of this environment; devices have computed something. With
    ``failures``, also which plugins are left out, and why."""
    lines, ending = run_python(_ENVIRONMENT, json.dumps(failures), limit)
    if not lines:
        return [Finding("error", f"checking the environment {ending}")]
    return [Finding(**each) for each in lines[-1]]


def run_python(code: str, argument: str, limit: float) -> tuple[list[Any], str]:
    """The JSON that a fresh Python prints line by line, and in words how it ended."""
    command = [sys.executable, "-c", code, argument]
    # What this process can import, that one must, too.
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, env=path)
    except subprocess.TimeoutExpired as error:
        printed = error.stdout or b""
        text = printed.decode("utf8", "replace") if isinstance(printed, bytes) else printed
        return _json_lines(text), f"took more than {limit:.0f} s"
    last = done.stderr.strip().splitlines()[-1:] or [""]
    return _json_lines(done.stdout), f"ended Python (exit code {done.returncode}) {last[0]}".strip()


def _json_lines(text: str) -> list[Any]:
    found = []
    for line in text.splitlines():
        # What plugins print themselves is passed over.
        if line.startswith(("{", "[")):
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
    return found
