"""Signing requests to an AWS API with Signature Version 4; botocore does it and finds the credentials."""

import re
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from kiosk.client.errors import Unauthorized

_AWS_HOST = re.compile(
    r"[a-z0-9-]+\.execute-api\.(?P<region>[a-z0-9-]+)\.(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws)"
)


def aws_region(url: str) -> str | None:
    """The region of an API Gateway URL, None when the URL is not AWS's."""
    host = _AWS_HOST.fullmatch(urlsplit(url).hostname or "")
    return host["region"] if host else None


class SigV4(AuthBase):
    """Signs each request for the service `execute-api` with the credentials botocore finds at that moment."""

    def __init__(self, region: str) -> None:
        from botocore.session import get_session

        self._region = region
        self._session = get_session()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the signature's headers. Raises `Unauthorized` when there are no credentials."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import BotoCoreError

        try:
            credentials = self._session.get_credentials()
        except BotoCoreError as error:
            raise Unauthorized(f"the AWS credentials cannot be used: {error}") from error
        if credentials is None:
            raise Unauthorized(
                "there are no AWS credentials; set AWS_PROFILE or run on an instance with a role"
            )
        signed = AWSRequest(
            method=request.method,
            url=request.url,
            data=request.body,
            headers={"Content-Type": request.headers["Content-Type"]}
            if "Content-Type" in request.headers
            else {},
        )
        SigV4Auth(credentials, "execute-api", self._region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request
