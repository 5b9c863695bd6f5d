"""Before traffic reaches new versions: they do the main job once. CodeDeploy asks, and hears how it went."""

import time
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from recognizeme import wiring
from recognizeme.usecases.rehearse import rehearse

logger = Logger()


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Rehearse, and tell the deployment. Without one, as by hand, the answer is all."""
    stage = wiring.stage()
    try:
        wrong = rehearse(stage.candidate, photos=stage.photos, now=wiring.utc_now, sleep=time.sleep)
    except Exception as error:  # whatever it is, the deployment must hear of it, or it waits an hour
        wrong = [f"the rehearsal itself failed ({type(error).__name__})"]
    logger.info("new versions rehearsed", wrong=wrong)
    if "DeploymentId" in event:
        stage.deployments.report(
            event["DeploymentId"], event["LifecycleEventHookExecutionId"], passed=not wrong
        )
    return {"passed": not wrong, "wrong": wrong}
