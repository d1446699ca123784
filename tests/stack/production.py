"""The stack as it is on a public server, with a certificate of its own."""

import socket
import ssl
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

from cryptography import x509

from deploy.native import certificate
from tests.native.stacks import DEADLINE, Site, free_port
from tests.stack.containers import Containers


class Production(Containers):
    """The stack as .env on a public server makes it, with a certificate for localhost."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.certificates = folder
        self.plain = Site("127.0.0.1", free_port(), "localhost")
        self.environment |= {
            "COMPOSE_FILE": "docker-compose.yml:docker-compose.production.yml",
            "INKSTONE_SITE_URL": f"https://{self.host}",
            "CERTIFICATES": str(folder),
            "HTTPS_PORT": str(self.port),
            "HTTP_PORT": str(self.plain.port),
        }
        self.renew()

    def renew(self) -> x509.Certificate:
        """Put a new certificate into the folder, which the user that nginx is may read."""
        made = certificate.write(self.certificates, "localhost")
        for name in ("fullchain.pem", "privkey.pem"):
            (self.certificates / name).chmod(0o644)
        return made

    def connect(self) -> HTTPConnection:
        return HTTPSConnection(self.address, self.port, timeout=DEADLINE, context=unverified())

    def greet(self, context: ssl.SSLContext) -> ssl.SSLSocket:
        """A connection whose handshake is done."""
        raw = socket.create_connection((self.address, self.port), timeout=DEADLINE)
        return context.wrap_socket(raw, server_hostname="localhost")

    def shown(self) -> x509.Certificate:
        """The certificate that a browser is shown."""
        with self.greet(unverified()) as greeted:
            return x509.load_der_x509_certificate(greeted.getpeercert(binary_form=True) or b"")


def unverified() -> ssl.SSLContext:
    """For a certificate that nobody has signed, asked for by an address that is not in it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
