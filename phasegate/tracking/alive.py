"""Whether the server answers with the certificate that is on disk; standard library only.

A server reads its certificate when it starts. Once cert-manager has renewed the file, this probe
fails and Kubernetes starts the container again, so that no certificate runs out. Exit code 0 or 1.
"""

from __future__ import annotations

import argparse
import http.client
import ssl
import sys
from pathlib import Path


def problem(port: int, certificate: Path, *, seconds: float = 10) -> str:
    """What is wrong with the server of this machine; empty if nothing is.

    Args:
        port: that it listens on.
        certificate: PEM file; the first one in it is the server's own.
        seconds: to answer in.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is compared as a whole instead
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=seconds, context=context)
    try:
        wanted = ssl.PEM_cert_to_DER_cert(_first(certificate.read_text(encoding="ascii")))
        connection.connect()
        if connection.sock.getpeercert(binary_form=True) != wanted:
            return "the server answers with another certificate than there is now"
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    return "" if status == http.client.OK else f"/health answers {status}"


def _first(text: str) -> str:
    end = "-----END CERTIFICATE-----"
    head, found, _ = text.partition(end)
    if not found:
        raise ValueError("there is no certificate in the file")
    return head + end


def main() -> int:
    """Exit code 1, and say why, unless all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", type=Path, required=True, help="PEM file")
    arguments = parser.parse_args()
    found = problem(arguments.port, arguments.certificate)
    if found:
        print(found, file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
