"""Enroll a folder of people and search a folder of visits: a table of who was taken for whom.

Usage: python -m benchmarks.rekolocal_visits [PHOTOS_DIR]; PHOTOS_DIR has enroll/PERSON/*.jpg and visits/*.
"""

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.report import SAMPLE_DATA
from rekolocal.engine.faces import FaceEngine
from rekolocal.server import serve_in_thread
from rekolocal.service import Service
from rekolocal.testing import client_for

THRESHOLD_PCT = 99.0
STRANGERS = {
    "johnsnow_test1",
    "lin-manuel-miranda",
    "kit_with_rose",
}  # the last: the larger face is a stranger's


def expected_of(visit: str) -> set[str]:
    """Who may be recognized: in pictures of two, either may have the larger face."""
    if visit in STRANGERS:
        return set()
    if visit in ("obama_and_biden", "two_people"):
        return {"obama", "biden"}
    return {"alex_lacamoire"} if visit.startswith("alex") else {"obama"}


def run(photos: Path, engine: FaceEngine, table: Table) -> int:
    """Add the visits' rows to the table; returns how many went wrong."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        service = Service.open(Path(folder), engine=engine)
        with serve_in_thread(service=service) as server:
            client = client_for(server.url)
            client.create_collection(CollectionId="employees")
            for photo in sorted(photos.glob("enroll/*/*")):
                client.index_faces(
                    CollectionId="employees", Image={"Bytes": photo.read_bytes()},
                    ExternalImageId=photo.parent.name, MaxFaces=1,
                )  # fmt: skip
            for visit in sorted(photos.glob("visits/*")):
                found = client.search_faces_by_image(
                    CollectionId="employees", Image={"Bytes": visit.read_bytes()}, FaceMatchThreshold=0
                )
                best: dict[str, float] = {}
                for match in found["FaceMatches"]:
                    best.setdefault(match["Face"]["ExternalImageId"], match["Similarity"])
                (person, similarity), (second, runner_up) = list(best.items())[:2]
                expected = expected_of(visit.stem)
                right = person in expected if similarity >= THRESHOLD_PCT else not expected
                wrong += not right
                table.add_row(
                    visit.name, " or ".join(sorted(expected)) or "nobody",
                    person if similarity >= THRESHOLD_PCT else "nobody", f"{person} {similarity:.2f}",
                    f"{second} {runner_up:.2f}", "yes" if right else "NO",
                )  # fmt: skip
        service.close()
    return wrong


def main() -> None:
    photos = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE_DATA / "photos"
    if not photos.is_dir():
        print(f"no photos in {photos}: skipped")
        return
    table = Table("visit", "expected", "recognized", "nearest", "next person", "right", title="visits")
    wrong = run(photos, FaceEngine.load(), table)
    Console(width=140).print(table)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
