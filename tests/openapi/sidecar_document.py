"""Holds a running sidecar against its own OpenAPI document with schemathesis.

    python3 tests/openapi/sidecar_document.py target/debug/breachdex SCHEMATHESIS [EXAMPLES]

Sends what the document allows and what it forbids, and fails for an answer that the document does not describe, a refusal of what
it allows, and an answer of 500.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
TOKEN = "a-token-of-32-characters-or-more-0"


def run(program: str, schemathesis: str, examples: str, work: Path, token: str | None) -> int:
    """Tries a sidecar, which asks for a token if there is one."""
    flags = [
        "--index",
        "base.bdx",
        "--mfa",
        "--listen",
        "127.0.0.1:0",
        "--body-timeout",
        "3",
        "--log-level",
        "error",
    ]
    headers = []
    if token is not None:
        path = work / "token"
        path.touch(mode=0o600)
        path.write_text(token)
        flags += ["--token-file", str(path)]
        headers = ["--header", f"Authorization: Bearer {token}"]
    with subprocess.Popen(
        [program, "sidecar", *flags], cwd=work, stdout=subprocess.PIPE, text=True
    ) as sidecar:
        try:
            assert sidecar.stdout is not None
            url = sidecar.stdout.readline().strip().removeprefix("listening on ")
            asked = urllib.request.Request(f"{url}/openapi.json")
            if token is not None:
                asked.add_header("Authorization", f"Bearer {token}")
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(asked) as answer:
                (work / "openapi.json").write_bytes(answer.read())
            command = [
                schemathesis,
                "--config-file",
                str(HERE.resolve() / "schemathesis.toml"),
                "run",
                "openapi.json",
            ]
            command += ["--url", url, "--checks", "all", "--max-examples", examples, *headers]
            # A machine that does other things meanwhile is no fault.
            command += ["--suppress-health-check", "too_slow"]
            return subprocess.run(command, cwd=work, check=False).returncode
        finally:
            sidecar.terminate()


def main() -> int:
    program, schemathesis = (str(Path(argument).absolute()) for argument in sys.argv[1:3])
    examples = sys.argv[3] if len(sys.argv) > 3 else "50"
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        overlay = [program, "overlay", "add", "--overlay", "base.bdx"]
        subprocess.run(
            overlay, input="iloveyou\n", text=True, cwd=work, check=True, stdout=subprocess.DEVNULL
        )
        return max(run(program, schemathesis, examples, work, token) for token in (None, TOKEN))


if __name__ == "__main__":
    sys.exit(main())
