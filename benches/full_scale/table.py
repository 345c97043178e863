"""The tables of a result in markdown."""

from __future__ import annotations

from collections.abc import Callable

from .run import Values

Row = tuple[str, str, str]


def duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{three(seconds / size)} {unit}"
    return f"{three(seconds * 1e9)} ns"


def nanoseconds(value: float) -> str:
    return duration(value / 1e9)


def three(value: float) -> str:
    """Three digits, or all those before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def size(value: float) -> str:
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= one:
            return f"{three(value / one)} {unit}"
    return f"{value:.0f} B"


def rate(value: float, what: str) -> str:
    if value >= 1e6:
        return f"{three(value / 1e6)} million {what} a second"
    return f"{value:,.0f} {what} a second"


def reads(cold: Values) -> str:
    return f"{size(cold['read_bytes'] / max(1, cold['asked']))}, {cold['major_faults'] / max(1, cold['asked']):.1f} page faults"


def exact(step: Values) -> list[Row]:
    notes = f"`generator \\| build`, {duration(step['seconds'])}; {size(step['rss_anon_peak'])} of anonymous memory"
    return [
        (
            "exact, with counts",
            f"**{size(step['bytes'])}**, {step['bytes_per_entry']:.2f} bytes an entry",
            "",
        ),
        ("build from sorted text on a pipe", f"**{rate(step['per_second'], 'entries')}**", notes),
    ]


def generator(step: Values) -> list[Row]:
    return [
        ("the generator alone", rate(step["per_second"], "lines"), "it shares the processors with `build`")
    ]


def smaller(label: str) -> Callable[[Values], list[Row]]:
    def rows(step: Values) -> list[Row]:
        return [
            (
                f"{step['bits']} bits{label}",
                f"**{size(step['bytes'])}**, {step['bytes_per_entry']:.2f} bytes an entry",
                (
                    f"from the exact index: {duration(step['seconds'])}, {rate(step['per_second'], 'entries')}; "
                    f"false positives {step['false_positive_rate']:.2g}"
                ),
            )
        ]

    return rows


def filter_lookups(step: Values) -> list[Row]:
    return [
        (
            "its lookups in memory, hit / miss",
            f"{nanoseconds(step['hit_ns'])} / {nanoseconds(step['miss_ns'])}",
            f"{step['false_positives']} false positives seen in {step['asked']:,} misses",
        )
    ]


def lookups(label: str) -> Callable[[Values], list[Row]]:
    def rows(step: Values) -> list[Row]:
        hits, misses = step["hits"], step["misses"]
        found = [
            (
                f"cold lookup{label}, hit / miss",
                (
                    f"**{nanoseconds(hits['cold']['mean_ns'])} / {nanoseconds(misses['cold']['mean_ns'])}**, "
                    f"p99 {nanoseconds(hits['cold']['p99_ns'])} / {nanoseconds(misses['cold']['p99_ns'])}"
                ),
                (
                    f"reads {reads(hits['cold'])} / {reads(misses['cold'])}; {hits['cold_over_pread']:.1f} / "
                    f"{misses['cold_over_pread']:.1f} × a random read of 4 KiB ({nanoseconds(hits['pread_mean_ns'])})"
                ),
            )
        ]
        if "warm_ns" in hits:
            warm = f"{nanoseconds(hits['warm_ns'])} / {nanoseconds(misses['warm_ns'])}"
            opened = f"open: {duration(step['open_seconds'])}, reads {size(step['open_read_bytes'])}"
            found.append((f"warm lookup{label}, hit / miss", f"**{warm}**", opened))
        return found

    return rows


def lookups_exact(step: Values) -> list[Row]:
    own = f", readahead {step['own_kib']} KiB" if step.get("own_kib") else ""
    rows = lookups(own)(step["own"])
    for kibibytes in ("128", "8192"):
        part = step[kibibytes]
        label = f", readahead set to {kibibytes} KiB"
        rows += (
            [(f"cold lookup{label}", "not measured", part["skipped"])]
            if "skipped" in part
            else lookups(label)(part)
        )
    return rows


def ranges(step: Values) -> list[Row]:
    cold, warm = step["cold"], step["warm"]
    return [
        (
            "a range in process, cold / warm",
            f"{nanoseconds(cold['p50_ns'])} / {nanoseconds(warm['p50_ns'])}",
            f"p99 {nanoseconds(cold['p99_ns'])} / {nanoseconds(warm['p99_ns'])}",
        )
    ]


def check(step: Values) -> list[Row]:
    return [
        (
            "`check --hash`, the whole command, cold / warm",
            f"{duration(step['cold_seconds'])} / {duration(step['warm_seconds'])}",
            f"a process that does nothing: {duration(step['nothing_seconds'])}",
        )
    ]


def info(step: Values) -> list[Row]:
    return [
        ("`info`, cold / warm", f"{duration(step['cold_seconds'])} / {duration(step['warm_seconds'])}", "")
    ]


def serve(step: Values) -> list[Row]:
    cold, warm, many = step["cold"], step["warm"], step["many"]
    memory = step["memory_after"]
    return [
        (
            "`serve`: start",
            duration(step["start_seconds"]),
            f"resident at start {size(step['memory_at_start']['VmRSS'] or 0)}",
        ),
        (
            "a range over HTTP, cold / warm",
            f"{nanoseconds(cold['p50_ns'])} / {nanoseconds(warm['p50_ns'])}",
            f"p99 {nanoseconds(cold['p99_ns'])} / {nanoseconds(warm['p99_ns'])}; one connection",
        ),
        (
            "requests, 16 connections, warm",
            f"**{many['requests_per_second']:,.0f} a second**",
            (
                f"gzip {step['gzip']['requests_per_second']:,.0f}; client on the same processors; resident "
                f"{size(memory['VmRSS'] or 0)}"
            ),
        ),
    ]


def swap(step: Values) -> list[Row]:
    return [
        (
            f"replacing the served index by one of {size(step['bytes'] or 0)}",
            f"{duration(step['seconds'])} until it answers, {step['errors']} errors",
            (
                f"p99 of ranges meanwhile {nanoseconds(step['meanwhile']['p99_ns'])}, "
                f"{nanoseconds(step['calm']['p99_ns'])} before"
            ),
        )
    ]


def verify(label: str) -> Callable[[Values], list[Row]]:
    def rows(step: Values) -> list[Row]:
        warm = "from the page cache" if step["fits_in_memory"] else "again, larger than memory"
        return [
            (
                f"`verify`{label}, cold / {warm}",
                f"**{step['cold_per_second'] / 1e9:.2f} / {step['warm_per_second'] / 1e9:.2f} GB a second**",
                f"{duration(step['cold_seconds'])} / {duration(step['warm_seconds'])}",
            )
        ]

    return rows


def beside_verify(step: Values) -> list[Row]:
    return [
        (
            "warm lookups alone / beside `verify`",
            f"{nanoseconds(step['alone']['p50_ns'])} / {nanoseconds(step['beside_p50_ns'])}",
            (
                f"{step['beside_major_faults']:,} page faults in {step['beside_passes']} passes over {step['questions']:,} "
                f"questions beside it, {step['after']['major_faults']:,} in the pass after it"
            ),
        )
    ]


def export(step: Values) -> list[Row]:
    note = f"{duration(step['seconds'])} for {size(step['bytes'])}, which the checksum of the generated text matches"
    return [("`export` to a pipe with a checksum", f"**{rate(step['rows_per_second'], 'rows')}**", note)]


def merge(step: Values) -> list[Row]:
    source = "the 64-bit index" if step["source"] == "bits64.bdx" else "the exact index"
    note = f"{rate(step['per_second'], 'entries')}; {size(step['rss_anon_peak'])} of anonymous memory"
    return [
        (
            f"`merge` of {source} and {step['added']:,} entries in 1 % of its ranges",
            duration(step["seconds"]),
            note,
        )
    ]


def download(step: Values) -> list[Row]:
    return [
        (
            "`download --bits 64` of all ranges from that server",
            f"**{duration(step['seconds'])}**, {step['ranges_per_second']:,.0f} ranges a second",
            f"disk at most {step['disk_peak_over_size']:.2f} × the index; {size(step['rss_anon_peak'])} of anonymous memory",
        )
    ]


def update(step: Values) -> list[Row]:
    return [
        (
            "`update` when 1 % of the ranges changed",
            f"**{duration(step['seconds'])}**, {step['ranges_per_second']:,.0f} ranges a second",
            f"disk beside the index at most {step['disk_peak_over_size']:.2f} × its size",
        )
    ]


def rebuilt(step: Values) -> list[Row]:
    return [
        (
            "a second build, of the changed corpus",
            rate(step["per_second"], "entries"),
            duration(step["seconds"]),
        )
    ]


def audit(step: Values) -> list[Row]:
    note = f"64-bit index in the page cache; {size(step['rss_anon_peak'])} of anonymous memory"
    return [(f"`audit` of {step['accounts']:,} accounts, SHA-1", duration(step["seconds"]), note)]


def python(step: Values) -> list[Row]:
    return [
        (
            "Python: `Index.open`; `count` of a miss",
            f"{duration(step['open_seconds'])}; {step['count_miss_us']:.2f} µs",
            f"`import breachdex` {duration(step['import_seconds'])}",
        ),
        ("Python: `counts` of Arrow strings", rate(step["counts_rows_per_second"], "rows"), ""),
    ]


def four_processes(step: Values) -> list[Row]:
    private = max(found["Private_Dirty"] + found["Private_Clean"] for found in step["processes"])
    note = f"private {size(private)}; 80,000 lookups each in the 64-bit index"
    return [("four processes on one index: PSS each", size(step["pss"]), note)]


def residency(step: Values) -> list[Row]:
    rows = []
    for name, found in step.items():
        what = f"64 bits, residency {name}: hit / miss"
        if "skipped" in found:
            rows.append((what, "not measured", found["skipped"]))
            continue
        rates = f"**{nanoseconds(found['rates']['hits'])} / {nanoseconds(found['rates']['misses'])}**"
        note = (
            f"open {duration(found['open_seconds'])} from a cold cache, then {nanoseconds(found['first']['mean_ns'])} for "
            f"each of the first 1,000 hits; private {size(found['held']['Private_Dirty'])}"
        )
        rows.append((what, rates, note))
    return rows


ROWS: dict[str, Callable[[Values], list[Row]]] = {
    "exact": exact,
    "generator": generator,
    "bits64": smaller(", with counts"),
    "filter": smaller(", without counts"),
    "filter-lookups": filter_lookups,
    "lookups": lookups_exact,
    "lookups64": lookups(", 64 bits"),
    "check": check,
    "info": info,
    "ranges": ranges,
    "serve": serve,
    "swap": swap,
    "verify": verify(""),
    "verify64": verify(", 64 bits"),
    "beside-verify": beside_verify,
    "export": export,
    "merge": merge,
    "download": download,
    "update": update,
    "rebuilt": rebuilt,
    "audit": audit,
    "python": python,
    "residency": residency,
    "four-processes": four_processes,
}


def table(result: Values) -> str:
    """What each step gave; a step without values says why."""
    head = (
        f"{result['entries']:,} synthetic SHA-1 entries, {result['date']}, {result['processor']}, {result['memory']}; "
        f"made by `{result['commands'][0]}`."
    )
    lines = [head, "", "| | breachdex | |", "| --- | --- | --- |"]
    for name, rows in ROWS.items():
        step = result["steps"].get(name)
        if step is None:
            continue
        found = (
            rows(step["values"])
            if step["status"] == "done"
            else [(name, "not measured", one_line(step["why"]))]
        )
        lines += [f"| {what} | {value} | {note} |" for what, value, note in found]
    return "\n".join(lines)


def one_line(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def growth_table(result: Values) -> str:
    rows = growth_rows(result)
    if not rows:
        return "Growth was not measured."
    lines = [
        "| entries | bytes an entry | build, million a second | open | hit, warm | miss, warm | hit, cold, median | miss, cold, median |"
    ]
    lines.append("| ---: " * 8 + "|")
    for row in rows:
        times = (row[f"{kind}_{state}_ns"] for state in ("warm", "cold") for kind in ("hits", "misses"))
        cells = [f"{row['entries']:,}", f"{row['bytes_per_entry']:.2f}", three(row["build_per_second"] / 1e6)]
        lines.append(
            "| " + " | ".join([*cells, duration(row["open_seconds"]), *map(nanoseconds, times)]) + " |"
        )
    return "\n".join(lines)


def growth_rows(result: Values) -> list[Values]:
    rows: list[Values] = result["steps"].get("growth", {}).get("values", {}).get("rows", [])
    return rows
