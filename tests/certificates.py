"""Certificates for tests: an authority, and what it signs."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificates:
    """The files of one authority and of one server that it vouches for."""

    ca: Path
    certificate: Path
    key: Path


def make(folder: Path, name: str) -> Certificates:
    """Certificates for a server at an address, as `IP:127.0.0.1` or `DNS:db.test`."""
    folder.mkdir()
    extension = folder / "extension"
    extension.write_text(f"subjectAltName = {name}\n")
    _openssl(folder, "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem")
    _openssl(folder, "req -newkey rsa:2048 -nodes -subj /CN=server -keyout server.key -out server.csr")
    _openssl(folder, "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2"
                     " -extfile extension -out server.pem")  # fmt: skip
    return Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")


def _openssl(folder: Path, arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], cwd=folder, check=True, capture_output=True)
