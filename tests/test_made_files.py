"""What scripts make from the code is as they would make it now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spanloom import registry


@pytest.mark.parametrize(
    "script", ["draw_guides.py", "make_known.py", "make_peer_page.py", "make_stubs.py"]
)
def test_it_is_up_to_date(root: Path, script: str) -> None:
    if script == "make_known.py" and not registry.has("factories", "transformer"):
        pytest.skip("the hook modules of all packages are asked, and one isn't installed here")
    command = [sys.executable, str(root / "tools" / script), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
