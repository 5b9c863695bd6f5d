"""What openapi.json says in words alone, for schemathesis, which imports this in its own environment."""

from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

# Why a request may be refused that has the right form, and which a schema has no words for.
REFUSED_FOR_GOOD_REASON = (
    "urn:recognizeme:problem:unusable-picture",  # bytes that are no picture, or one without a face
    "urn:recognizeme:problem:idempotency-key-reused",
    "since must be before until",
    "a time after 1970",
    "lies in the future",
    "consent.withdrawn_at must lie between",
    "accept_poor and allow_duplicate take the picture itself",
    "nobody less similar is searched for",
    "say the reason of a threshold or margin",
    "from and until of an opening are the same",
    "must be a name such as",  # of a time zone
    # What each channel of a notification takes and needs.
    *("webhook is a secret: name it", "webhooks take no picture", "say with to where", "to must be a"),
    *("to is no ", "name in secret the key", "a URL with a user and password", "to must name a topic"),
    "a person cannot be merged into themselves",
    "cursor is not one this list gave out",
    "the cursor is none that a step of reindexing gave",
    "name must hold at least one letter, digit or sign",
)

schemathesis.openapi.format(
    "file-name",  # of 255 bytes at most, with nothing in it that steers what shows it
    st.text(
        st.characters(codec="utf-8", categories=("L", "N", "P"), exclude_characters="/\\"), min_size=1
    ).filter(lambda name: name not in {".", ".."} and len(name.encode()) <= 255),
)


@schemathesis.check  # type: ignore[untyped-decorator]  # its types are in its own environment
def valid_request_is_accepted(ctx: Any, response: Any, case: Any) -> bool | None:
    """schemathesis's own check, but for what only words say."""
    is_refused = response.status_code in {400, 422}
    if is_refused and any(reason in response.text for reason in REFUSED_FOR_GOOD_REASON):
        return None
    return bool(positive_data_acceptance(ctx, response, case))
