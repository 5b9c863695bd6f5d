"""The kiosk on EC2: what its first minutes do, run here with stand-ins for the machine's programs."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cloud.template import ROOT, resolve, template
from tests.cloud.test_transformed import CREATE_ONLY, ask_sam

PACKAGE = f"https://example.org/recognizeme_kiosk-0.1.0-py3-none-any.whl#sha256={'0' * 64}"
CAMERA = {"KioskSourceParameter": "/recognizeme/camera"}

# Each notes how it was called; `aws` answers with a camera's address.
STAND_IN = """#!/bin/bash
echo "$(basename "$0") $*" >> "$CALLS"
case "$(basename "$0") $*" in
  "python3.12 -m venv "*)
    mkdir -p "$3/bin"
    for name in pip python recognizeme; do cp "$0" "$3/bin/$name"; done ;;
  "python -c "*) echo "$KIOSK" ;;
  "aws ssm "*) echo "rtsp://door:s3cret@10.0.0.7/stream" ;;
esac
[ "${FAILS:-nothing}" = nothing ] || ! [[ "$(basename "$0") $*" =~ $FAILS ]]
"""


@dataclass
class Machine:
    """A folder that stands for the instance's disk."""

    root: Path

    def run(self, script: str, *, fails: str = "nothing") -> int:
        for folder in ("opt", "etc", "var"):
            script = re.sub(rf"(?<![\w/])/{folder}/", f"{self.root}/{folder}/", script)
        environment = {
            "PATH": f"{self.root / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "CALLS": str(self.root / "calls"),
            "KIOSK": str(ROOT / "kiosk"),
            "FAILS": fails,
        }
        return subprocess.run(["bash"], input=script, text=True, env=environment, check=False).returncode

    @property
    def calls(self) -> list[str]:
        return (self.root / "calls").read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    for name in (
        "bin/dnf",
        "bin/sleep",
        "bin/mount",
        "bin/python3.12",
        "bin/systemctl",
        "bin/aws",
        "opt/aws/bin/cfn-signal",
    ):
        program = tmp_path / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(STAND_IN)
        program.chmod(0o755)
    (tmp_path / "etc" / "systemd" / "system").mkdir(parents=True)
    return Machine(tmp_path)


def script(**parameters: str) -> str:
    data = template()["Resources"]["KioskTemplate"]["Properties"]["LaunchTemplateData"]
    text = resolve(data["UserData"]["Fn::Base64"], {"KioskPackage": PACKAGE, **parameters})
    assert "${" not in text
    return str(text)


def test_an_instance_installs_what_has_hashes_starts_its_services_and_says_so(machine: Machine) -> None:
    assert machine.run(script(**CAMERA)) == 0

    pip = [call for call in machine.calls if call.startswith("pip install")]
    assert len(pip) == 2
    assert pip[0].endswith(PACKAGE)
    assert pip[1].endswith(f"--require-hashes -r {ROOT}/kiosk/service/requirements.txt")
    assert machine.calls[-1].startswith("cfn-signal -e 0 --stack recognizeme --resource Kiosk")
    for unit in re.findall(r"systemctl enable --now (?:--no-block )?([\w-]+@?)", "\n".join(machine.calls)):
        assert (machine.root / "etc" / "systemd" / "system" / f"{unit}.service").is_file()
    assert (machine.root / "etc" / "fstab").read_text().startswith("<KioskState>:/ ")


@pytest.mark.parametrize(
    "fails", ["dnf install -y python", "mount ", "pip install", "recognizeme --version", "systemctl"]
)
def test_an_installation_that_fails_fails_the_deployment(machine: Machine, fails: str) -> None:
    assert machine.run(script(**CAMERA), fails=fails) != 0
    assert re.match(r"cfn-signal -e [1-9]", machine.calls[-1])


def test_a_file_system_whose_name_is_not_known_yet_is_waited_for(machine: Machine) -> None:
    assert machine.run(script(), fails="^mount ") != 0
    assert sum(call.startswith("mount ") for call in machine.calls) == 20
    assert sum(call.startswith("sleep ") for call in machine.calls) == 19


def test_the_cameras_address_is_read_at_each_start_into_a_file_that_root_alone_reads(
    machine: Machine,
) -> None:
    machine.run(script(**CAMERA))
    drop_in = machine.root / "etc/systemd/system/recognizeme-kiosk@ec2.service.d/ec2.conf"
    program = machine.root / "opt" / "recognizeme" / "camera.sh"
    settings = machine.root / "etc" / "recognizeme" / "ec2.env"

    assert "s3cret" not in settings.read_text()
    assert f"ExecStartPre=+{program}" in drop_in.read_text()
    assert machine.run(program.read_text()) == 0
    assert "RECOGNIZEME_SOURCE=rtsp://door:s3cret@10.0.0.7/stream" in settings.read_text().splitlines()
    assert settings.read_text().startswith("RECOGNIZEME_API=https://<Api>.")
    assert settings.stat().st_mode & 0o077 == 0
    assert "s3cret" not in "\n".join(machine.calls)


def test_the_pages_token_outlives_the_instance(machine: Machine) -> None:
    tokens = set()
    for _ in range(2):
        machine.run(script(WebCidr="192.0.2.0/24"))
        tokens |= set(re.findall(r"WEB_TOKEN=(\S+)", (machine.root / "etc/recognizeme/web.env").read_text()))

    assert [len(token) for token in tokens] == [32]
    page = machine.root / "etc/systemd/system/recognizeme-web.service.d/ec2.conf"
    assert "--host 0.0.0.0" in page.read_text()


@pytest.mark.parametrize(
    ("parameters", "started"),
    [
        ({}, ["recognizeme-web"]),
        (CAMERA, ["recognizeme-web", "recognizeme-kiosk@ec2"]),
        ({**CAMERA, "WebRole": "none"}, ["recognizeme-kiosk@ec2"]),
    ],
    ids=str,
)
def test_it_starts_what_was_asked_for(
    machine: Machine, parameters: dict[str, str], started: list[str]
) -> None:
    machine.run(script(**parameters))

    assert [call.split()[-1] for call in machine.calls if "enable" in call] == started


def test_a_change_of_anything_replaces_the_instance_and_waits_for_the_new_one() -> None:
    kiosk = template()["Resources"]["Kiosk"]
    version = kiosk["Properties"]["LaunchTemplate"]["Version"]

    assert version == {"Fn::GetAtt": ["KioskTemplate", "LatestVersionNumber"]}
    assert "LaunchTemplate" in ask_sam(CREATE_ONLY, "AWS::EC2::Instance")
    assert kiosk["CreationPolicy"]["ResourceSignal"]["Count"] == 1


def test_the_image_is_the_one_that_was_named_and_the_spool_outlives_the_instance() -> None:
    data = template()["Resources"]["KioskTemplate"]["Properties"]["LaunchTemplateData"]
    state = template()["Resources"]["KioskState"]

    assert data["ImageId"] == {"Ref": "KioskImageId"}
    assert state["DeletionPolicy"] == "RetainExceptOnCreate"
    assert state["Properties"]["Encrypted"] is True


def test_a_package_without_a_hash_is_refused() -> None:
    pattern = template()["Parameters"]["KioskPackage"]["AllowedPattern"]

    assert re.fullmatch(pattern, PACKAGE)
    for unpinned in (PACKAGE.partition("#")[0], "recognizeme-kiosk", PACKAGE.replace("https", "http")):
        assert not re.fullmatch(pattern, unpinned)


def test_the_kiosks_lock_has_the_versions_of_ours() -> None:
    kiosk, ours = (
        dict(re.findall(r"^([\w.-]+)==([^ ;\\]+)", (ROOT / path).read_text(), re.MULTILINE))
        for path in ("kiosk/service/requirements.txt", "requirements/dev.txt")
    )

    assert {"flask", "opencv-python-headless"} <= set(kiosk)
    assert {name: ours.get(name) for name in kiosk} == kiosk
