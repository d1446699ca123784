"""A bare Debian as an image: the official one where a registry answers, otherwise one that debootstrap makes here."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from tests.native.stacks import ROOT

OFFICIAL = {"bookworm": "debian:12-slim", "trixie": "debian:13-slim"}
MIRROR = "http://deb.debian.org/debian"


def image(suite: str) -> str:
    """The name of the image; one that was made here is kept, for it takes a minute."""
    ours = f"inkstone-test-debian:{suite}"
    for name in (OFFICIAL[suite], ours):
        if _succeeds("docker", "image", "inspect", name):
            return name
    if _succeeds("docker", "pull", "--quiet", OFFICIAL[suite]):
        return OFFICIAL[suite]
    _make(suite, ours)
    return ours


def _make(suite: str, name: str) -> None:
    if not _succeeds("which", "debootstrap"):
        subprocess.run([ROOT / "deploy" / "install-packages.sh", "debootstrap"], check=True)
    with tempfile.TemporaryDirectory(prefix="inkstone-debian-") as folder:
        # The folder of the temporary one belongs to its maker only, and would do so in the image.
        root = Path(folder, "root")
        subprocess.run(["debootstrap", "--variant=minbase", suite, root, _mirror()], check=True, capture_output=True)
        with subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as packed:
            subprocess.run(["docker", "import", "-", name], check=True, stdin=packed.stdout, capture_output=True)
        assert packed.returncode == 0


def _mirror() -> str:
    """Where this machine has its packages from, if it is a Debian."""
    files = [*Path("/etc/apt").glob("sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    text = "\n".join(path.read_text(errors="replace") for path in files)
    found = re.search(r"^(?:deb (?:\[.*?\] )?|URIs: )(https?://\S+/debian)/?(?:\s|$)", text, re.M)
    return found[1] if found else MIRROR


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True, timeout=600).returncode == 0


def reaching_packages() -> dict[str, str]:
    """What tells pip where packages are, as far as it makes sense on another machine."""
    kept = re.compile(r"PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|DEFAULT_TIMEOUT)|(https?|no)_proxy", re.I)
    return {name: value for name, value in os.environ.items() if kept.fullmatch(name) and "file:" not in value}
