"""Finding the API of a stack deployed on AWS, by what CloudFormation says of it."""

from typing import Any

from kiosk.client.errors import ApiError, Unauthorized, Unreachable

_OUTPUT = "ApiUrl"  # of template.yaml


class NoSuchStack(ApiError):
    """There is no stack of that name with an API of ours."""


def api_url_of(stack: str) -> str:
    """The API's address. Raises an `ApiError`; region and credentials come from the environment."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError
    from botocore.session import get_session

    try:
        cloudformation: Any = get_session().create_client("cloudformation")
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except NoRegionError as error:
        raise NoSuchStack("set AWS_DEFAULT_REGION to the region the stack was deployed to") from error
    except NoCredentialsError as error:
        raise Unauthorized("there are no AWS credentials; set AWS_PROFILE or use a role") from error
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            raise NoSuchStack(
                f"there is no stack {stack!r} in this region and account; see --stack"
            ) from error
        raise Unauthorized(f"CloudFormation does not tell us about {stack!r}: {error}") from error
    except BotoCoreError as error:
        raise Unreachable(f"CloudFormation cannot be asked about {stack!r}: {error}") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found[0].get("Outputs", [])}
    if _OUTPUT not in outputs:
        raise NoSuchStack(
            f"the stack {stack!r} has no output {_OUTPUT}: it is no RecognizeMe, or not deployed yet"
        )
    return str(outputs[_OUTPUT])
