"""The curves as a picture: accounts that fall, and below what the attacker is told, over the share that is covered."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .curve import Point, Setting
from .gate import Arrangement

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Of Okabe and Ito's palette, whose colours stay apart for colour-blind people. Dashes and labels tell the lines apart
# in grey, too.
INK: Final = "#333333"
ORANGE: Final = "#D55E00"
BLUE: Final = "#0072B2"
DASHES: Final[tuple[Any, ...]] = (
    (0, (1, 1.5)),
    (0, (5, 2)),
    "solid",
    (0, (7, 2, 1, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
)
"""As many shares of older accounts can be told apart."""

STYLE: Final[Any] = {
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    # Every share is a point of its line, on straight stretches, too.
    "path.simplify": False,
    # The same numbers give the same file.
    "svg.hashsalt": "replay",
}


class PlotUnavailableError(RuntimeError):
    """matplotlib is not there."""


def require_matplotlib() -> None:
    """:raises PlotUnavailableError: where :func:`write_plot` would not work."""
    if find_spec("matplotlib") is None:
        raise PlotUnavailableError(
            "matplotlib is not installed: pip install -r examples/replay/requirements.txt, or give --no-plot"
        )


def write_plot(setting: Setting, points: Sequence[Point], files: Sequence[Path]) -> None:
    """Draws once and writes every file, in the format of its suffix. Needs matplotlib."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.ticker import StrMethodFormatter

    with rc_context(STYLE):
        figure = Figure(
            figsize=(8.4, 7.6), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12, hspace=0.04)
        )
        falling, telling = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _draw_fallen(falling, setting, points)
        _draw_told(telling, setting, points)
        for axes in (falling, telling):
            axes.set_xlim(0, 100)
            axes.set_ylim(0, setting.successes * 1.06 or 1)
            axes.grid(color="#DDDDDD", linewidth=0.6)
            axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        falling.tick_params(labelbottom=True)
        telling.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f} %"))
        telling.set_xlabel("share of the attack list that the index covers")
        for file in files:
            nothing_of_today = {"Date": None} if file.suffix == ".svg" else None
            figure.savefig(file, dpi=120, metadata=nothing_of_today)


def _draw_fallen(axes: Axes, setting: Setting, points: Sequence[Point]) -> None:
    axes.set_title(
        f"Accounts that fall to {setting.tries:,} tries, {setting.successes:,} of them right",
        loc="left",
        fontweight="bold",
        fontsize=12,
    )
    old = setting.old_accounts[0]
    # Wide and below the others, which meet it where no account is older than the gate.
    _line(
        axes,
        points,
        Arrangement.LOG_IN,
        old,
        "fallen",
        color=BLUE,
        linewidth=6,
        alpha=0.45,
        label="gate at log-in too",
    )
    for old, dashes in _dashed(setting):
        label = f"gate at sign-up and reset, {_age(old)}"
        _line(axes, points, Arrangement.CHOOSING, old, "fallen", color=ORANGE, linestyle=dashes, label=label)
    _line(
        axes,
        points,
        Arrangement.OFF,
        old,
        "fallen",
        color=INK,
        linewidth=1.6,
        linestyle="dashdot",
        label="no gate",
    )
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], loc="lower left", frameon=False)


def _draw_told(axes: Axes, setting: Setting, points: Sequence[Point]) -> None:
    axes.set_title(
        "Gate at log-in: passwords that a refusal tells are right, no session opened",
        loc="left",
        fontweight="bold",
        fontsize=12,
    )
    for old, dashes in _dashed(setting):
        _line(
            axes,
            points,
            Arrangement.LOG_IN,
            old,
            "told",
            color=BLUE,
            linestyle=dashes,
            label=_age(old),
        )
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], loc="upper left", frameon=False)


def _dashed(setting: Setting) -> list[tuple[int, Any]]:
    return list(zip(setting.old_accounts, DASHES, strict=False))


def _line(
    axes: Axes, points: Sequence[Point], arrangement: Arrangement, old: int, value: str, **look: Any
) -> None:
    shown = [p for p in points if p.arrangement == arrangement.value and p.old_accounts == old]
    # A line of one point would not be seen.
    look = {"linewidth": 2.2, "marker": "o" if len(shown) == 1 else "none", **look}
    axes.plot([p.share for p in shown], [getattr(p, value) for p in shown], **look)


def _age(old: int) -> str:
    words = {0: "no account", 50: "half of the accounts", 100: "every account"}
    return f"{words.get(old, f'{old} % of the accounts')} older than it"
