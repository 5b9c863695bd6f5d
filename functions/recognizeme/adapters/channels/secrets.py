"""Where the secrets are that rules name."""

from collections.abc import Callable, Mapping
from typing import Any

from recognizeme.adapters.aws import make_client, translated
from recognizeme.domain.errors import NotDelivered, RecognizeMeError


class EnvironmentSecrets:
    """In variables: `front-desk` is that of RECOGNIZEME_SECRET_ and FRONT_DESK."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __call__(self, name: str) -> str:
        """Raises `NotDelivered`."""
        variable = f"RECOGNIZEME_SECRET_{name.upper().replace('-', '_')}"
        if not (value := self._environ.get(variable)):
            raise NotDelivered(f"the environment variable {variable} is not set")
        return value


class SsmSecrets:
    """In Parameter Store, as SecureStrings under a path; read each time, so that a new one counts at once."""

    def __init__(self, path: str, make: Callable[[], Any] = lambda: make_client("ssm")) -> None:
        self._path = path
        self._make = make

    def __call__(self, name: str) -> str:
        """Raises `NotDelivered`."""
        parameter = f"{self._path}/{name}"
        try:
            with translated(f"the parameter {parameter}"):
                answer = self._make().get_parameter(Name=parameter, WithDecryption=True)
        except RecognizeMeError as error:
            raise NotDelivered(str(error)) from error
        return str(answer["Parameter"]["Value"])
