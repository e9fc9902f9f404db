"""Table 1 drawn: what each measure says of the two sounds, and of its controls.

Notebook: 08_evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from see2sound_nb.evaluation.photos import COMPARED
from see2sound_nb.evaluation.table import shown, title_of
from see2sound_nb.notebook.plots.common import source_colour

if TYPE_CHECKING:
    from see2sound_nb.evaluation.table import Row

#: What is not to be read as a result.
DOUBTED = "#B0B0B0"


def plot_table_1(rows: Sequence[Row], title: str = ""):
    """A panel for each measure: the mean of both ways and its interval, matched and for the three controls.

    Parameters
    ----------
    rows : sequence of Row
        As from `evaluation.table_1`, of any number of definitions.
    title : str
        Says how many photos, and which matcher.

    Returns
    -------
    matplotlib.figure.Figure
        Bars of a measure that cannot tell its controls apart are grey and hatched.

    Raises
    ------
    ValueError
        If there is no row.

    Notes
    -----
    The two ways differ in colour and in place, and by n below each bar in number. Paper: section 5, Table 1.
    Notebook: 08_evaluation.
    """
    from matplotlib.figure import Figure

    if not rows:
        raise ValueError("there are no rows to draw; give those of table_1")
    panels = list(dict.fromkeys((row.definition, row.measure) for row in rows))
    across = 3
    down = -(-len(panels) // across)
    figure = Figure(figsize=(15, 0.9 + 3.4 * down), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False).reshape(-1)
    for ax, (definition, measure) in zip(axes, panels):
        _panel(ax, [row for row in rows if (row.definition, row.measure) == (definition, measure)])
        ax.set_title(f"{title_of(definition, measure)}" + (f"\n{definition}" if len(panels) > 7 else ""), fontsize=12)
    for ax in axes[len(panels) :]:
        ax.set_axis_off()
    ways = list(dict.fromkeys(row.way for row in rows))
    figure.legend(handles=[*(_swatch(source_colour(k), way) for k, way in enumerate(ways)),
                           _swatch(DOUBTED, "cannot tell its controls apart", "///")],
                  loc="outside lower center", ncols=3, fontsize=13)  # fmt: skip
    figure.suptitle(f"{title}\nmeans and 95 % intervals; n in the bars".strip(), fontsize=14)
    return figure


def _panel(ax, rows: Sequence[Row]) -> None:
    ways = list(dict.fromkeys(row.way for row in rows))
    width = 0.8 / len(ways)
    for row in rows:
        k = ways.index(row.way)
        at = COMPARED.index(row.compared) + width * (k - (len(ways) - 1) / 2)
        look = {"color": DOUBTED, "hatch": ("///", "\\\\\\")[k % 2]} if row.doubt else {"color": source_colour(k)}
        values = shown(row)
        if values is None:
            ax.annotate("n 0", (at, 0), ha="center", va="bottom", fontsize=9)
            continue
        ax.bar(at, values[0], 0.92 * width, edgecolor="white", **look)
        ax.plot([at, at], values[1:], color="black", lw=2)
        ax.annotate(
            f"{row.n}", (at, 0), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=9,
            bbox={"facecolor": "white", "alpha": 0.7, "lw": 0, "pad": 1},
        )  # fmt: skip
    ax.set_xlim(-0.6, len(COMPARED) - 0.4)
    ax.axhline(0, color="black", lw=0.8)
    ax.set_xticks(range(len(COMPARED)), [name.replace("another clip", "another\nclip") for name in COMPARED])
    unit = title_of(rows[0].definition, rows[0].measure).split(" (")[0].partition(", ")[2]
    ax.set_ylabel(unit or "without unit", fontsize=11)
    ax.tick_params(labelsize=11)
    ax.grid(axis="y", alpha=0.3)


def _swatch(colour: str, label: str, hatch: str | None = None):
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, edgecolor="white", hatch=hatch, label=label)
