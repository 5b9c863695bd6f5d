"""SigV4 for calls of an HTTP API."""

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


class Signed(requests.auth.AuthBase):
    """Signs each request as the holder of `credentials`."""

    def __init__(self, credentials: Credentials, region: str) -> None:
        self._signer = SigV4Auth(credentials, "execute-api", region)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        headers = {"content-type": request.headers.get("content-type", "")}
        signed = AWSRequest(request.method, request.url, headers, request.body)
        self._signer.add_auth(signed)
        request.headers.update(signed.headers.items())
        return request
