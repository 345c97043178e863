"""Values travel by pickle, print as what they are, and help() says their types."""

from __future__ import annotations

import ast
import inspect
import pickle
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import breachdex
import pytest
from breachdex import _breachdex
from support import write_index

STUB = Path(breachdex.__file__).with_name("_breachdex.pyi")


def test_everything_that_is_a_value_pickles(exposed_index: Path, tmp_path: Path) -> None:
    told: list[breachdex.Progress] = []
    rows = tmp_path / "rows"
    rows.write_text("a\nb\n")
    report = breachdex.build(rows, tmp_path / "i.bdx", format="passwords", progress=told.append)
    index = breachdex.Index.open(exposed_index)
    policy = breachdex.Policy.profile("asvs-l2", index=exposed_index)
    values = [
        report,
        *told,
        breachdex.Progress._restore("reading", 1, None),
        index.metadata,
        index.examine("hunter2"),
        policy,
        policy.check("hunter2"),
        *policy.check("hunter2").reasons,
        breachdex.RangeClient("https://ranges.example"),
        breachdex.Observation(),
        breachdex.Observation("deny", "attack", "suspected", is_suspect_log_in=True),
    ]
    for value in values:
        assert pickle.loads(pickle.dumps(value)) == value, value


def test_so_do_counts(exposed_index: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    index = breachdex.Index.open(exposed_index)
    rows = pyarrow.array(["hunter2", None, "not there 1177"])
    for given in (rows, pyarrow.chunked_array([rows, rows[:1]])):
        counts = index.counts(given)
        again = pickle.loads(pickle.dumps(counts))
        assert (type(again), again.to_pylist(), repr(again)) == (
            type(counts),
            counts.to_pylist(),
            repr(counts),
        )
        assert (
            pyarrow.chunked_array(again)
            if "Chunked" in repr(again)
            else pyarrow.array(again) == pyarrow.array(counts)
        )


def test_errors_of_a_server_pickle() -> None:
    error = breachdex.RemoteError("no")
    error.cause, error.status = "status", 503
    again = pickle.loads(pickle.dumps(error))
    assert (again.cause, again.status, again.is_transient, str(again)) == ("status", 503, True, "no")


def test_metadata_prints_as_python(tmp_path: Path) -> None:
    path = write_index(tmp_path / "i.bdx", {"a": 1}, corpus_date="2026-11-24", source="it's")
    shown = repr(breachdex.Index.open(path).metadata)
    assert 'source="it\'s", corpus_date=datetime.date(2026, 11, 24)' in shown
    assert "corpus_date=None" in repr(
        breachdex.Index.open(write_index(tmp_path / "j.bdx", {"a": 1})).metadata
    )


def test_a_policy_prints_its_profile(exposed_index: Path, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('profile = "permissive"\n')
    for policy in (
        breachdex.Policy.profile("permissive", index=exposed_index),
        breachdex.Policy.from_toml(file, index=exposed_index),
    ):
        assert repr(policy).startswith("<breachdex.Policy permissive <breachdex.Index ")
        assert pickle.loads(pickle.dumps(policy)).profile_name == "permissive"


def test_policies_with_closed_indexes_compare(exposed_index: Path) -> None:
    index = breachdex.Index.open(exposed_index)
    one = breachdex.Policy.profile("nist", index=index)
    other = breachdex.Policy.profile("nist", index=breachdex.Index.open(exposed_index))
    assert one == other
    index.close()
    assert one != other
    assert other != one


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "md5"}, "kind must be 'sha1' or 'ntlm'"),
        ({"format": "csv"}, "format must be 'hibp', 'ranges', 'passwords' or 'index', not \"csv\""),
        ({"merge": "min"}, "merge must be 'sum', 'max' or 'error', not \"min\""),
        ({"prefixes": ["xyz"]}, "prefixes are five hexadecimal digits, or two of them as A-B"),
        ({"partial": True, "prefixes": ["00000"]}, "give partial or prefixes, not both"),
        ({"min_count": -1}, "min_count is no number that a build can have: -1"),
        ({"bits": 2**40}, "bits is no number that a build can have: 1099511627776"),
    ],
)
def test_a_build_refuses_within_the_tree(tmp_path: Path, options: dict[str, object], message: str) -> None:
    rows = tmp_path / "rows"
    rows.write_text("a\n")
    with pytest.raises(breachdex.BuildError) as raised:
        breachdex.build(rows, tmp_path / "i.bdx", **options)  # type: ignore[arg-type]
    assert str(raised.value) == message


def test_an_input_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(breachdex.InputNotFoundError, match="none") as raised:
        breachdex.build(tmp_path / "none", tmp_path / "i.bdx")
    assert isinstance(raised.value, (breachdex.BuildError, FileNotFoundError))
    assert raised.value.filename == str(tmp_path / "none")


def test_an_option_of_another_type(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="top must be an int, not str"):
        breachdex.build(tmp_path / "none", tmp_path / "i.bdx", top="5")  # type: ignore[arg-type]


def documented() -> list[tuple[str, object, str]]:
    """Everything public of the stub: its name, what it is, and the types that its first line must say."""
    found: list[tuple[str, object, str]] = []
    for node in ast.parse(STUB.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.append(
                (node.name, getattr(_breachdex, node.name), ast.unparse(node.returns or ast.Constant(None)))
            )
        elif isinstance(node, ast.ClassDef) and node.name != "BlockingRangeClient":
            kind = getattr(_breachdex, node.name)
            found += [
                (f"{node.name}.{member.name}", getattr(kind, member.name), ast.unparse(member.returns))
                for member in node.body
                if isinstance(member, ast.FunctionDef) and not member.name.startswith("_") and member.returns
            ]
    return list({name: (name, thing, returns) for name, thing, returns in reversed(found)}.values())


def test_help_says_the_types() -> None:
    for name, thing, returns in documented():
        first = (inspect.getdoc(thing) or "").split("\n")[0]
        assert first.startswith(f"`{name.rpartition('.')[2]}"), name
        assert returns in first, name


def test_the_command_as_a_module() -> None:
    command = [sys.executable, "-m", "breachdex", "--version"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    named = f"breachdex {breachdex.__version__} (Python package {version('breachdex')}, wheel "
    assert ran.stdout.startswith(named)
    ran = subprocess.run([*command[:-1], "nonsense"], capture_output=True, text=True, check=False)
    assert (ran.returncode, "breachdex" in ran.stderr) == (2, True)
