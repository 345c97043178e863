"""The manifests of the recipes are well-formed, and call the command as it is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

PROJECT = Path(__file__).resolve().parents[3]
PAGE = (PROJECT / "docs" / "site" / "recipes.md").read_text(encoding="utf-8")


def manifests() -> dict[str, Any]:
    found = re.search(r'```yaml title="breachdex.yaml"\n(.*?)```', PAGE, re.DOTALL)
    assert found
    return {manifest["kind"]: manifest for manifest in yaml.safe_load_all(found[1])}


def test_what_updates_and_what_reads_share_a_volume() -> None:
    files = manifests()
    assert files.keys() == {"PersistentVolumeClaim", "CronJob", "Deployment"}
    claim = files["PersistentVolumeClaim"]["metadata"]["name"]
    job = files["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    application = files["Deployment"]["spec"]["template"]["spec"]
    for pod in (job, application):
        assert [volume["persistentVolumeClaim"]["claimName"] for volume in pod["volumes"]] == [claim]
    (container,) = application["containers"]
    assert container["volumeMounts"][0]["readOnly"] is True
    assert "subPath" not in container["volumeMounts"][0]
    index = {entry["name"]: entry["value"] for entry in container["env"]}["BREACHDEX_INDEX"]
    assert job["containers"][0]["args"] == ["update", index]
    user = re.search(r"^USER (\d+)", (PROJECT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert user
    assert job["securityContext"]["runAsUser"] == int(user[1])


def test_flags_of_the_commands_exist() -> None:
    lines = re.findall(r"^\$ breachdex (\w+) (.*)$", PAGE, re.MULTILINE)
    assert len(lines) == 2
    for command, rest in lines:
        run = [sys.executable, "-m", "breachdex", command, "--help"]
        said = subprocess.run(run, capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stderr
        for flag in re.findall(r"--[\w-]+", rest):
            assert flag in said.stdout, flag


def test_the_image_trusts_authorities() -> None:
    """The job of the recipe fetches over https, and an image of nothing trusts nobody."""
    image = (PROJECT / "Dockerfile").read_text(encoding="utf-8").partition("FROM scratch")[2]
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    assert f"COPY --from=build {bundle} {bundle}" in image
