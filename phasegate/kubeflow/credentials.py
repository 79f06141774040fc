"""How a request shows who asks: by the usual means of Kubeflow Pipelines, from files alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from phasegate.errors import BadInput, Unavailable

TOKEN_PATH = "KF_PIPELINES_SA_TOKEN_PATH"
MOUNTED_TOKEN = Path("/var/run/secrets/kubeflow/pipelines/token")
CLIENT_IDS = ("IAP_CLIENT_ID", "KFP_IAP_CLIENT_ID", "KF_PIPELINES_IAP_OAUTH2_CLIENT_ID")
COOKIE_FILE = "KFP_COOKIE_FILE"
MEANS = (
    f"a ServiceAccount token's file in {TOKEN_PATH}, an IAP client id in {CLIENT_IDS[0]},"
    f" or the session cookie of a browser in a file that {COOKIE_FILE} names"
)


class Credentials(Protocol):
    """A means of showing who asks."""

    @property
    def means(self) -> str:
        """Which, for messages; never a secret."""

    def headers(self) -> Mapping[str, str]:
        """Headers of the next request."""


@dataclass(frozen=True, slots=True)
class Anonymous:
    """No credentials: for a port that is forwarded, or a backend that lets everybody in."""

    @property
    def means(self) -> str:
        """In words."""
        return "no credentials"

    def headers(self) -> Mapping[str, str]:
        """None."""
        return {}


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A ServiceAccount token that the kubelet keeps fresh; read for each request.

    Attributes:
        path: its file.
    """

    path: Path

    @property
    def means(self) -> str:
        """In words."""
        return f"the ServiceAccount token in {self.path}"

    def headers(self) -> Mapping[str, str]:
        """The token as it is now.

        Raises:
            BadInput: the file cannot be read.
        """
        return {"Authorization": f"Bearer {_secret(self.path, TOKEN_PATH)}"}


@dataclass(frozen=True, slots=True)
class CookieFile:
    """The session that somebody opened with a browser.

    Attributes:
        path: file with the Cookie header's value, or one in Netscape's format.
    """

    path: Path

    @property
    def means(self) -> str:
        """In words."""
        return f"the session cookie in {self.path}"

    def headers(self) -> Mapping[str, str]:
        """The cookie.

        Raises:
            BadInput: the file cannot be read.
        """
        lines = _secret(self.path, COOKIE_FILE).splitlines()
        rows = [line.removeprefix("#HttpOnly_").split("\t") for line in lines]
        jar = [f"{row[5]}={row[6]}" for row in rows if len(row) == 7 and row[0][:1] != "#"]
        text = "; ".join(jar) if jar else " ".join(lines).strip()
        return {"Cookie": text.removeprefix("Cookie:").strip()}


class IdentityAware:
    """Google's Identity-Aware Proxy: an identity token, from the application default credentials.

    Args:
        client_id: of the proxy's OAuth client, which is the token's audience.
    """

    def __init__(self, client_id: str) -> None:
        self._client_id = client_id
        self._credentials: Any = None

    @property
    def means(self) -> str:
        """In words."""
        return f"an identity token for IAP client {self._client_id}"

    def headers(self) -> Mapping[str, str]:
        """A token that is good for the next minutes.

        Raises:
            BadInput: there are no application default credentials that can make one.
            Unavailable: Google does not answer.
        """
        from google.auth import exceptions
        from google.auth.transport.requests import Request
        from google.oauth2 import id_token

        try:
            if self._credentials is None:
                self._credentials = id_token.fetch_id_token_credentials(self._client_id, Request())
            if not self._credentials.valid:
                self._credentials.refresh(Request())
        except exceptions.TransportError as error:
            raise Unavailable(f"no identity token could be had ({error})", where="IAP") from None
        except (exceptions.GoogleAuthError, ValueError, OSError) as error:
            raise BadInput(
                f"no identity token could be made ({type(error).__name__})",
                where="application default credentials",
                expected="a service account, by its key's file or a metadata server",
                fix="set GOOGLE_APPLICATION_CREDENTIALS, or run where a service account is bound",
            ) from None
        return {"Authorization": f"Bearer {self._credentials.token}"}


def find_credentials(variables: Mapping[str, str] = os.environ) -> Credentials:
    """The first means that is there: token file, IAP, cookie file, none."""
    if named := variables.get(TOKEN_PATH):
        return TokenFile(Path(named))
    if MOUNTED_TOKEN.is_file():
        return TokenFile(MOUNTED_TOKEN)
    for name in CLIENT_IDS:
        if client_id := variables.get(name):
            return IdentityAware(client_id)
    if named := variables.get(COOKIE_FILE):
        return CookieFile(Path(named))
    return Anonymous()


def _secret(path: Path, variable: str) -> str:
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not plain text"
        raise BadInput(f"cannot be read ({reason})", where=f"{path} ({variable})") from None
    if not text:
        raise BadInput("is empty", where=f"{path} ({variable})")
    return text
