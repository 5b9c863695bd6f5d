"""The policy that the office gives a kiosk: taken from the API, kept on disk for when nothing answers.

    <state>/kiosks/<kiosk_id>/policy.json     as `GET /kiosks/{kiosk_id}/policy` answered last

A kiosk of which the office has said nothing lets nobody in.
"""

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kiosk.actions.unlock_policy import PolicyRefused, UnlockPolicy
from kiosk.client.errors import ApiError
from kiosk.delivery.atomic_file import write_atomic

_LOG = logging.getLogger(__name__)
_EVERYBODY = "*"

Document = Mapping[str, Any]


class OfficePolicy:
    """The policy that is run, `policy`, and its `version`; `refresh` takes a newer one from the API.

    The API has applied the kiosk's own threshold, so similarity is not looked at again. `on_change` is told
    of each policy that is run from now on.
    """

    def __init__(self, file: Path, fetch: Callable[[], Document], *, require_liveness: bool) -> None:
        self._file = file
        self._fetch = fetch
        self._require_liveness = require_liveness
        self.policy = UnlockPolicy()
        self.version: str | None = None
        self.on_change: Callable[[UnlockPolicy, str], object] = lambda policy, version: None
        self._load()

    def refresh(self, wanted: str | None = None) -> None:
        """Ask for the policy, unless the one that is run is the `wanted` version. Never raises.

        Without an answer, or with one that is no policy, the one that is run goes on.
        """
        if wanted is not None and wanted == self.version:
            return
        try:
            document = self._fetch()
            self._run(document)
        except ApiError as error:
            _LOG.warning("the door's policy was not had from the API: %s", error)
        except PolicyRefused as error:
            _LOG.error("the API gave a policy that cannot be run, the one before goes on: %s", error)
        else:
            try:
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_atomic(self._file, json.dumps(dict(document)).encode())
            except OSError as error:
                _LOG.error("the policy is not kept for the next start: %s", error.strerror or error)

    def _load(self) -> None:
        try:
            document = json.loads(self._file.read_text("utf-8"))
            if not isinstance(document, dict):
                raise PolicyRefused("it is no JSON object")
            self._run(document)
        except FileNotFoundError:
            return  # the first start
        except (OSError, ValueError, PolicyRefused) as error:
            _LOG.error("the policy kept in %s cannot be run: %s", self._file, error)

    def _run(self, document: Document) -> None:
        policy = _policy(document, require_liveness=self._require_liveness)
        version = document.get("version")
        if not isinstance(version, str):
            raise PolicyRefused("it has no version")
        self.policy, self.version = policy, version
        self.on_change(policy, version)


def _policy(document: Document, *, require_liveness: bool) -> UnlockPolicy:
    """The API's policy as one of rules: one for each opening."""
    groups, openings = document.get("groups"), document.get("openings")
    if not isinstance(groups, list) or not isinstance(openings, list):
        raise PolicyRefused("it says nothing of groups and openings")
    who = {"people": [_EVERYBODY]} if _EVERYBODY in groups else {"groups": groups}
    if not all(isinstance(opening, dict) for opening in openings):
        raise PolicyRefused("its openings are none")
    rules = [{**who, **opening} for opening in openings or [{}]] if groups else []
    return UnlockPolicy.from_document(
        {
            "time_zone": document.get("time_zone"),
            "min_similarity_pct": 0,
            "require_liveness": require_liveness,
            "allow": rules,
        }
    )
