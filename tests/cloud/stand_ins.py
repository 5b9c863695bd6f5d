"""What the functions need of AWS, on this machine: moto for S3, DynamoDB and SQS, rekolocal for Rekognition.

The bucket, the tables and their indexes are made as template.yaml describes them.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from rekolocal.testing import local_rekognition
from tests.cloud.processes import free_port, wait_for
from tests.cloud.template import REGION, environment, resolve, resources

# Lambda sets these for every function.
LAMBDA = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
}

QUEUES = ("Failures", "RecognitionLater", "EnrollmentLater", "NotificationLater")


@dataclass(frozen=True)
class StandIns:
    """Where the services are, and clients for them."""

    url: str
    rekognition_url: str
    rekognition: Any
    bucket: str = field(default_factory=lambda: environment("Recognition")["RECOGNIZEME_BUCKET"])

    def client(self, service: str) -> Any:
        """A client of one of moto's services."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # the stubs want a literal
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(s3={"addressing_style": "path"}),
        )

    def environment(self, function: str, **deployed: str) -> dict[str, str]:
        """A function's variables as the template sets them, pointed at these services."""
        parameters = {"EndpointUrl": self.url, "RekognitionEndpointUrl": self.rekognition_url} | deployed
        queues = {name: f"{self.url}/123456789012/{name}" for name in QUEUES}
        names = environment(function, **parameters, **queues)
        return names | LAMBDA

    def make_stack(self) -> None:
        """Make the bucket, the tables, the queue and the collection."""
        variables = environment("Recognition")
        self.client("s3").create_bucket(Bucket=self.bucket)
        self.client("s3").put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        for _, table in resources("AWS::DynamoDB::Table"):
            wanted = resolve(table["Properties"])
            self.client("dynamodb").create_table(
                TableName=wanted["TableName"],
                **{
                    key: wanted[key]
                    for key in ("KeySchema", "AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes")
                    if key in wanted
                },
            )
        for name in QUEUES:
            self.client("sqs").create_queue(QueueName=name)
        self.rekognition.create_collection(CollectionId=variables["RECOGNIZEME_COLLECTION"])


@contextmanager
def stand_ins() -> Iterator[StandIns]:
    """The services on free ports of 127.0.0.1, with an empty stack made in them."""
    with _moto() as url, local_rekognition() as rekognition:
        services = StandIns(url, rekognition.endpoint_url, rekognition.client)
        services.make_stack()
        yield services


@contextmanager
def _moto() -> Iterator[str]:
    # A process of its own: what moto holds is global, and other tests hold something there too.
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
