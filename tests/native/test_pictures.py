"""The documents' pictures: every one that they show is made by docs/screenshots.py"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from docs.screenshots import DESK, EXAMPLE, IMAGES, PHONE
from tests.native.stacks import ROOT, Stack, environment

pytestmark = pytest.mark.xdist_group("native")


def test_each_picture_is_made_from_a_blog_that_runs(stack: Stack, tmp_path: Path) -> None:
    assert stack.cli(f"import markdown '{EXAMPLE}'").returncode == 0
    account = {"INKSTONE_ADMIN_EMAIL": "admin@example.org", "INKSTONE_ADMIN_PASSWORD": stack.secret("admin_password")}

    subprocess.run(
        [sys.executable, "-m", "docs.screenshots", f"http://{stack.host}", str(tmp_path)],
        cwd=ROOT,
        env=environment(**account),
        check=True,
    )

    # The others are drawn by the benchmarks.
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in IMAGES.glob("*.png")}
    for path in tmp_path.iterdir():
        with Image.open(path) as image:
            assert image.size == (PHONE if path.name.startswith("phone") else DESK)
            # A page that is there has letters on it.
            assert len(image.getcolors(maxcolors=1 << 24) or []) > 50


def test_each_picture_that_is_shown_is_there() -> None:
    shown = {
        name
        for path in [ROOT / "README.md", *ROOT.glob("docs/*.md")]
        for name in re.findall(r"!\[[^]]*\]\((?:docs/)?images/([^)]+)\)", path.read_text())
    }

    assert shown == {path.name for path in IMAGES.iterdir()}
