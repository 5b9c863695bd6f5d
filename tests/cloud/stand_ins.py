"""What the functions need of AWS, on this machine: moto for S3, DynamoDB and SQS, rekolocal for Rekognition.

The bucket, the tables and their indexes are made as template.yaml describes them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from rekolocal.testing import local_rekognition
from tests.cloud.template import REGION, environment, resolve, resources

# Lambda sets these for every function.
LAMBDA = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
}


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

    def environment(self, function: str) -> dict[str, str]:
        """A function's variables as the template sets them, pointed at these services."""
        parameters = {"EndpointUrl": self.url, "RekognitionEndpointUrl": self.rekognition_url}
        names = environment(function, **parameters, Failures=f"{self.url}/123456789012/failures")
        return names | LAMBDA

    def make_stack(self) -> None:
        """Make the bucket, the tables, the queue and the collection."""
        variables = environment("Recognition")
        self.client("s3").create_bucket(Bucket=self.bucket)
        self.client("s3").put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        for name, table in resources("AWS::DynamoDB::Table"):
            wanted = resolve(table["Properties"])
            self.client("dynamodb").create_table(
                TableName=variables[f"RECOGNIZEME_{name.upper()}_TABLE"],
                **{
                    key: wanted[key]
                    for key in ("KeySchema", "AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes")
                    if key in wanted
                },
            )
        self.client("sqs").create_queue(QueueName="failures")
        self.rekognition.create_collection(CollectionId=variables["RECOGNIZEME_COLLECTION"])


@contextmanager
def stand_ins() -> Iterator[StandIns]:
    """The services on free ports of 127.0.0.1, with an empty stack made in them."""
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    try:
        host, port = moto.get_host_and_port()
        with local_rekognition() as rekognition:
            services = StandIns(f"http://{host}:{port}", rekognition.endpoint_url, rekognition.client)
            services.make_stack()
            yield services
    finally:
        moto.stop()
