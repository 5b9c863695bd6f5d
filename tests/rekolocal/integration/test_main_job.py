"""The main job over HTTP with boto3: enroll, search, list, forget."""

import signal
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from rekolocal.cli import main
from rekolocal.testing import LocalRekognition, client_for
from tests.rekolocal.integration.command import running_command

pytestmark = pytest.mark.integration


def test_an_enrolled_person_is_found_and_a_stranger_is_not(
    rekolocal: LocalRekognition, astronaut: bytes, hopper: bytes
) -> None:
    client = rekolocal.client
    client.create_collection(CollectionId="employees")
    client.index_faces(CollectionId="employees", Image={"Bytes": astronaut}, ExternalImageId="eileen")

    found = client.search_faces_by_image(CollectionId="employees", Image={"Bytes": astronaut})
    stranger = client.search_faces_by_image(CollectionId="employees", Image={"Bytes": hopper})

    assert [match["Face"]["ExternalImageId"] for match in found["FaceMatches"]] == ["eileen"]
    assert found["FaceMatches"][0]["Similarity"] > 99.9
    assert stranger["FaceMatches"] == []


def test_a_picture_without_a_face_is_an_invalid_parameter_of_a_search(
    rekolocal: LocalRekognition, nobody: bytes
) -> None:
    rekolocal.client.create_collection(CollectionId="employees")
    with pytest.raises(rekolocal.client.exceptions.InvalidParameterException, match="no faces"):
        rekolocal.client.search_faces_by_image(CollectionId="employees", Image={"Bytes": nobody})


def test_searching_a_collection_that_is_not_there_says_so(
    rekolocal: LocalRekognition, astronaut: bytes
) -> None:
    with pytest.raises(rekolocal.client.exceptions.ResourceNotFoundException):
        rekolocal.client.search_faces_by_image(CollectionId="nobody", Image={"Bytes": astronaut})


def test_searching_an_empty_collection_finds_nobody(rekolocal: LocalRekognition, astronaut: bytes) -> None:
    rekolocal.client.create_collection(CollectionId="employees")
    found = rekolocal.client.search_faces_by_image(CollectionId="employees", Image={"Bytes": astronaut})
    assert found["FaceMatches"] == []


def test_a_forgotten_face_is_found_no_more(rekolocal: LocalRekognition, astronaut: bytes) -> None:
    client = rekolocal.client
    client.create_collection(CollectionId="employees")
    indexed = client.index_faces(CollectionId="employees", Image={"Bytes": astronaut})
    face_id = indexed["FaceRecords"][0]["Face"]["FaceId"]

    assert client.delete_faces(CollectionId="employees", FaceIds=[face_id])["DeletedFaces"] == [face_id]
    assert client.list_faces(CollectionId="employees")["Faces"] == []
    found = client.search_faces_by_image(CollectionId="employees", Image={"Bytes": astronaut})
    assert found["FaceMatches"] == []


def test_an_operation_outside_face_collections_is_a_typed_error(
    rekolocal: LocalRekognition, astronaut: bytes
) -> None:
    with pytest.raises(ClientError, match="rekolocal has no DetectLabels") as caught:
        rekolocal.client.detect_labels(Image={"Bytes": astronaut})
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_the_command_serves_on_a_free_port_and_keeps_what_was_stored(tmp_path: Path, hopper: bytes) -> None:
    for start in range(2):
        with running_command("--data", str(tmp_path)) as (process, url):
            client = client_for(url)
            if start == 0:
                client.create_collection(CollectionId="employees")
                client.index_faces(CollectionId="employees", Image={"Bytes": hopper})
            found = client.search_faces_by_image(CollectionId="employees", Image={"Bytes": hopper})
            assert len(found["FaceMatches"]) == 1
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) in (0, -signal.SIGTERM)


def test_the_command_binds_loopback_unless_told_otherwise() -> None:
    with running_command("--memory") as (_, url):
        assert url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    "options",
    [
        [], ["--memory", "--data", "x"], ["--memory", "--fail", "x"], ["--memory", "--access-key", "a"],
        ["--memory", "--port", "70000"], ["--memory", "--tps", "0"], ["--memory", "--yunet-model", "missing"],
    ],
)  # fmt: skip
def test_the_command_refuses_options_that_make_no_sense(options: list[str]) -> None:
    result = CliRunner().invoke(main, ["serve", *options])
    assert result.exit_code == 2
    assert "Error" in result.output


def test_the_command_says_so_when_its_port_is_taken(rekolocal: LocalRekognition) -> None:
    port = rekolocal.endpoint_url.rsplit(":", 1)[1]
    result = CliRunner().invoke(main, ["serve", "--memory", "--port", port])
    assert result.exit_code == 1
    assert "cannot listen" in result.output


@pytest.mark.parametrize("broken", ["model", "data", "folder"])
def test_the_command_says_in_one_sentence_which_file_it_cannot_use(tmp_path: Path, broken: str) -> None:
    (tmp_path / "model").write_text("no model")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rekolocal.sqlite3").write_text("no database " * 100)
    options = {
        "model": ["--memory", "--yunet-model", str(tmp_path / "model")],
        "data": ["--data", str(tmp_path / "data")],
        "folder": ["--data", str(tmp_path / "model" / "below a file")],
    }
    result = CliRunner().invoke(main, ["serve", "--port", "0", *options[broken]])
    assert (result.exit_code, result.output.count("\n")) == (1, 1), result.output
    assert result.output.startswith(f"Error: {tmp_path / broken.replace('folder', 'model')}")
