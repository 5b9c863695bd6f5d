"""Any value that a store must give back as it was."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from recognizeme.domain.model import Box, Candidate, Correction, DecisionRecord, Outcome

# Text as people write it. Lone surrogates are no text, and control characters no part of a name.
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)
# DynamoDB keeps 38 digits between 1e-130 and 1e126; a tiny fraction of a picture is none.
numbers = st.floats(-100, 100, allow_subnormal=False).filter(
    lambda number: number == 0 or abs(number) > 1e-100
)
moments = st.datetimes(
    datetime(1970, 1, 1),
    datetime(9999, 12, 31, 23, 59),
    timezones=st.just(UTC),
)
boxes = st.builds(Box, numbers, numbers, numbers, numbers)
corrections = st.builds(Correction, moments, st.sampled_from(Outcome), st.none() | texts)
_candidates = st.lists(
    st.builds(
        Candidate, st.from_regex(r"[A-Za-z0-9_.\-:]{1,128}", fullmatch=True), numbers, st.none() | numbers
    ),
    max_size=5,
    unique_by=lambda each: each.person_id,
).map(lambda some: tuple(sorted(some, key=lambda each: (-each.similarity_pct, each.person_id))))
decisions = st.builds(
    DecisionRecord, numbers, numbers, _candidates, st.none() | st.integers(0, 10**9), st.none() | texts
)
