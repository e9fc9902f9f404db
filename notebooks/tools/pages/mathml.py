"""Formulae as MathML, which browsers draw and screen readers read without any script."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert

#: After an opening bracket, a comma or a sign of equality, a minus is a sign and no operation: no
#: space follows it.
_SIGN = re.compile(r"((?:&#x00028;|&#x0005B;|&#x0002C;|&#x0003D;)</mo>)<mo>(?=&#x02212;)")


def _mathml(node: nodes.Element, display: str) -> str:
    # latex2mathml sets names of operators letter by letter in italics
    formula = convert(node.astext().replace(r"\operatorname{", r"\mathrm{"), display=display)
    return _SIGN.sub(r'\1<mo form="prefix">', formula)


def _inline(self: Any, node: nodes.math) -> None:
    self.body.append(_mathml(node, "inline"))
    raise nodes.SkipNode


def _block(self: Any, node: nodes.math_block) -> None:
    self.body.append(f'<div class="formula">{_mathml(node, "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx of this way to write formulae."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
