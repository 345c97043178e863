"""Three servers behind HAProxy under load: replaced one after another, updated in place, and one that is killed."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from pathlib import Path

from balancer import NAMES, Balancer, balancing
from load import Load
from replicas import Command, Replica, Wrong, serving

import corpus

OPTIONS = (
    ("--drain", "5", "--trusted-proxy", "127.0.0.1"),
    ("--drain", "5", "--trusted-proxy", "127.0.0.1", "--cache", "0", "--workers", "1"),
    ("--drain", "5", "--trusted-proxy", "127.0.0.1", "--workers", "4"),
)


def judge_rolling(command: Command) -> str:
    """Each server is ended and started with the next week's index, while clients ask."""
    weeks = {week: command.build(f"rolling-{week}", week) for week in corpus.WEEKS}
    replicas = [Replica(command, weeks[1], options) for options in OPTIONS]
    with serving(*replicas), balancing(replicas, command.folder) as balancer, Load(balancer.port) as load:
        time.sleep(1)
        before = load.take()
        for name, replica in zip(NAMES, replicas, strict=True):
            _replace(name, replica, balancer, weeks[2])
        during = load.take()
        time.sleep(1)
        after = load.take()
        retried = balancer.retried()
    _expect(load, before, after)
    return f"{sum(during.values())} requests while three servers were replaced, none failed, {retried} asked again: {_say(during)}"


def _replace(name: str, replica: Replica, balancer: Balancer, index: Path) -> None:
    replica.terminate()
    # Before the server ends: the balancer has seen that it drains.
    balancer.wait_until(name, "DOWN")
    if replica.ask("/healthz").status != 503:
        raise Wrong("a draining server is well")
    replica.wait()
    replica.index = index
    replica.start()
    balancer.wait_until(name, "UP")


def judge_in_place(command: Command) -> str:
    """Each server's file is replaced by rename, while clients ask."""
    weeks = {week: command.build(f"in-place-{week}", week) for week in corpus.WEEKS}
    replicas = []
    for name, options in zip(NAMES, OPTIONS, strict=True):
        own = command.folder / f"own-{name}.bdx"
        shutil.copy(weeks[1], own)
        replicas.append(Replica(command, own, options))
    changed = next(filter(corpus.changes, corpus.PREFIXES))
    with serving(*replicas), balancing(replicas, command.folder) as balancer, Load(balancer.port) as load:
        time.sleep(1)
        before = load.take()
        for replica in replicas:
            shutil.copy(weeks[2], replica.index.with_suffix(".new"))
            replica.index.with_suffix(".new").rename(replica.index)
            deadline = time.monotonic() + 60
            while replica.ask(f"/range/{changed}").body != corpus.body(changed, 2):
                if time.monotonic() > deadline:
                    raise Wrong("a replaced index does not answer")
                time.sleep(0.1)
        during = load.take()
        time.sleep(1)
        after = load.take()
    _expect(load, before, after)
    return f"{sum(during.values())} requests while three files were replaced, none failed: {_say(during)}"


def judge_killed(command: Command) -> str:
    """A server is killed, while clients ask. What was half sent is lost, and nothing else."""
    index = command.build("killed", 1)
    replicas = [Replica(command, index, options) for options in OPTIONS]
    with serving(*replicas[1:]):
        replicas[0].start()
        try:
            with balancing(replicas, command.folder) as balancer, Load(balancer.port) as load:
                time.sleep(1)
                replicas[0].kill()
                balancer.wait_until("a", "DOWN")
                time.sleep(1)
                retried = balancer.retried()
        finally:
            replicas[0].kill()
    outcomes = load.take()
    if len(load.failures) > load.clients or any(
        failure.startswith("Unexpected") for failure in load.failures
    ):
        raise Wrong(f"{len(load.failures)} requests failed: {load.failures[:3]}")
    total, failed = sum(outcomes.values()), outcomes["failed"]
    return f"{total} requests, {retried} asked again, {failed} cut off, as many as {load.clients} connections may have under way"


def _expect(load: Load, before: Counter[str], after: Counter[str]) -> None:
    if load.failures:
        raise Wrong(f"{len(load.failures)} requests failed, such as {load.failures[:3]}")
    if before["week 2"] or not before["week 1"] or after["week 1"] or not after["week 2"]:
        raise Wrong(f"before: {before}, after: {after}")


def _say(outcomes: Counter[str]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
