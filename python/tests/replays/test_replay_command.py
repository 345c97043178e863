"""The command of the replay: its default run, its files, what it says about wrong arguments, and its secrets."""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree
from pathlib import Path

import breachdex
import pytest
from replay.attack import attack_list
from replay.members import members_of
from replay_command import REPOSITORY, run

PAGES = ("docs/site/replay.md", "examples/replay/README.md")
SMALL = ("--tries", "300", "--successes", "35", "--members", "120", "--shares", "0,50,100")


def rows(output: Path) -> list[dict[str, str]]:
    """The CSV file."""
    with (output / "replay.csv").open(encoding="ascii", newline="") as file:
        return list(csv.DictReader(file))


def test_the_default_run_is_the_case_of_the_parcel_service(default_run: tuple[str, Path]) -> None:
    printed, output = default_run
    assert printed.startswith("30,000 tries, 3,467 of them right, at 20,000 members; seed 1\n")
    found = rows(output)
    assert len(found) == 21 * 3 * 3
    assert {row["fallen"] for row in found if row["arrangement"] == "no gate"} == {"3467"}
    covered = {(row["arrangement"], row["old_accounts"]): row for row in found if row["share"] == "100"}
    assert covered["sign-up and reset", "0"]["fallen"] == "0"
    assert all(covered["log-in too", old]["fallen"] == "0" for old in ("0", "50", "100"))
    assert 0 < int(covered["sign-up and reset", "50"]["fallen"]) < 3467
    for arrangement in ("no gate", "sign-up and reset", "log-in too"):
        for old in ("0", "50", "100"):
            line = [
                int(row["fallen"])
                for row in found
                if (row["arrangement"], row["old_accounts"]) == (arrangement, old)
            ]
            assert line == sorted(line, reverse=True)


def test_the_table_says_what_the_file_says(default_run: tuple[str, Path]) -> None:
    printed, output = default_run
    found = {(row["share"], row["arrangement"], row["old_accounts"]): row for row in rows(output)}
    lines = re.findall(r"^ *(\d+) %((?: +[\d,]+)+)$", printed, re.MULTILINE)
    assert len(lines) == 21
    olds = ("0", "50", "100")
    for share, numbers in lines:
        assert [number.replace(",", "") for number in numbers.split()] == [
            found[share, "no gate", "0"]["covered"],
            found[share, "no gate", "0"]["fallen"],
            *(found[share, "sign-up and reset", old]["fallen"] for old in olds),
            found[share, "log-in too", "0"]["fallen"],
            *(found[share, "log-in too", old]["told"] for old in olds),
        ]


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_show_the_default_run(default_run: tuple[str, Path], page: str) -> None:
    printed, _ = default_run
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    shown = re.findall(r"^\| +(\d+ %) +\|(.*)\|$", text, re.MULTILINE)
    assert len(shown) >= 5
    printed_rows = dict(re.findall(r"^ *(\d+ %) +[\d,]+ +(.*)$", printed, re.MULTILINE))
    for share, cells in shown:
        assert [cell.strip() for cell in cells.split("|")] == printed_rows[share].split()


def lines_of(picture: Path) -> list[list[int]]:
    """The curves in an SVG file, as whole coordinates: every line with as many points as there are shares."""
    paths = [
        path.get("d", "")
        for path in xml.etree.ElementTree.parse(picture).iter()
        if path.tag.endswith("}path")
    ]
    curves = [path for path in paths if len(re.findall("[ML]", path)) == 21 and "Q" not in path]
    return [[round(float(number)) for number in re.findall(r"[\d.]+", path)] for path in curves]


def test_the_pictures_are_pictures(default_run: tuple[str, Path]) -> None:
    _, output = default_run
    assert (output / "replay.png").read_bytes().startswith(b"\x89PNG\r\n")
    picture = xml.etree.ElementTree.parse(output / "replay.svg").getroot()
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    # No gate; three shares of older accounts where passwords are chosen; log-in; three again for what is told.
    assert len(lines_of(output / "replay.svg")) == 8


def test_the_picture_of_the_documentation_is_of_the_default_run(default_run: tuple[str, Path]) -> None:
    _, output = default_run
    kept = REPOSITORY / "docs" / "site" / "images" / "replay.svg"
    assert lines_of(kept) == lines_of(output / "replay.svg"), (
        f"examples/replay/run makes another picture: copy its replay.svg to {kept}"
    )


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    first, again, other = (tmp_path / name for name in ("first", "again", "other"))
    printed = [
        run(*SMALL, "--seed", seed, "--output", output).stdout.partition("\nwritten")[0]
        for seed, output in (("3", first), ("3", again), ("4", other))
    ]
    assert printed[0] == printed[1] != printed[2]
    for name in ("replay.csv", "replay.svg", "replay.png"):
        assert (first / name).read_bytes() == (again / name).read_bytes(), name
    assert (first / "replay.csv").read_bytes() != (other / "replay.csv").read_bytes()


def test_no_password_is_shown_anywhere(tmp_path: Path) -> None:
    done = run(*SMALL, "--seed", "3", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    pairs = attack_list(300, 3)
    members = members_of(pairs, 120, 35, 3)
    secrets = {pair.password for pair in pairs}.union(*(member.choices for member in members))
    assert len(secrets) > 300
    shown = [done.stdout, done.stderr, repr(pairs), repr(members)]
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["replay.csv", "replay.png", "replay.svg"]
    everything = [text.encode() for text in shown] + [file.read_bytes() for file in files]
    for number, data in enumerate(everything):
        for secret in secrets:
            digest = breachdex.digest(secret).hex()
            for trace in (secret.encode(), digest.encode(), digest[:8].encode()):
                assert trace not in data.lower(), f"a trace of a password in {number}"
    assert not any(b"@mail.example" in file.read_bytes() for file in files), "who fell is a list of targets"
    assert "@mail.example" not in done.stdout


def test_a_share_of_older_accounts_of_ones_own(tmp_path: Path) -> None:
    done = run(*SMALL, "--old-accounts", "30", "--resets", "0", "--no-plot", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "30 % old" in done.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["replay.csv"]
    assert {row["old_accounts"] for row in rows(tmp_path)} == {"30"}


def test_nobody_and_nothing_is_a_run_too(tmp_path: Path) -> None:
    done = run("--members", "0", "--tries", "0", "--successes", "0", "--shares", "100", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    assert {row["fallen"] for row in rows(tmp_path)} == {"0"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--shares", "0,101"], "argument --shares: must be a whole number from 0 to 100, not '101'"),
        (["--shares", ""], "argument --shares: must be a whole number from 0 to 100, not ''"),
        (
            ["--old-accounts", "half"],
            "argument --old-accounts: must be a whole number from 0 to 100, not 'half'",
        ),
        (["--old-accounts", "1,2,3,4,5,6"], "argument --old-accounts: at most 5 can be told apart, not 6"),
        (["--tries", "-1"], "argument --tries: must be a whole number from 0 to 1000000, not '-1'"),
        (
            ["--members", "100"],
            (
                "replay: 3,467 of 30,000 tries cannot succeed with 100 members: give at most 100 successes, or more "
                "tries and members"
            ),
        ),
    ],
)
def test_wrong_arguments_are_said(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run(*arguments, "--output", tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_place_that_takes_no_files_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="ascii")
    done = run("--output", tmp_path / "file")
    assert done.returncode == 2
    assert done.stderr == f"replay: [Errno 17] File exists: '{tmp_path / 'file'}'\n"
    assert done.stdout == ""
