"""The points of index/match/points.toml from labelled pairs: the same pairs always give the same table.

    python -m bench.fit PAIRS.jsonl.gz [--write]

A logistic regression with a small ridge; points are ten times the natural log-odds, rounded. What a row's sign
forbids is left out one round after the other until nothing is forbidden; rows with the sign "!" keep their points.
Each pair is seen twice: as it is, and with its second record reduced to the title, author, publisher and year of
a list's row, so that what is not known weighs as little as it should.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from bench.match import Pair, pairs
from bench.measure import progress, run
from index.match import table as shipped
from index.match.facts import Facts
from index.match.features import compare
from index.match.table import Table

RIDGE = 1.0
REDUCED = 0.5  # what a reduced pair counts of a whole one
SCALE = 10.0
ROUNDS = 30

Matrix = NDArray[np.float64]


def fitted(given: Sequence[Pair], rows: Table) -> Table:
    """The table with the points that these pairs give."""
    names = list(rows.feature)
    whole = _matrix([(p.a, p.b) for p in given], names)
    reduced = _matrix([(p.a, as_row(p.b)) for p in given], names)
    x = np.vstack((whole, reduced))
    same = np.array([p.same for p in given] * 2, dtype=float)
    weight = np.repeat([1.0, REDUCED], len(given))
    points = _solve(x, same, weight, rows, names)
    feature = {n: msgspec.structs.replace(rows.feature[n], points=p) for n, p in zip(names, points, strict=False)}
    return msgspec.structs.replace(rows, feature=feature, bias=points[-1])


def as_row(facts: Facts) -> Facts:
    """The facts that a list's row of title, author, publisher and year would have."""
    kept = (
        "titles",
        "variants",
        "volume",
        "volume_said",
        "part",
        "numbers",
        "creators",
        "publishers",
        "years",
        "until",
        "rights",
        "span",
    )
    return Facts(**{name: getattr(facts, name) for name in kept}, source="row")


def _matrix(given: Sequence[tuple[Facts, Facts]], names: Sequence[str]) -> Matrix:
    column = {name: number for number, name in enumerate(names)}
    x = np.zeros((len(given), len(names) + 1))
    x[:, -1] = 1.0  # the bias
    for number, (a, b) in enumerate(given):
        for name, _, _ in compare(a, b):
            x[number, column[name]] = 1.0
    return x


def _solve(x: Matrix, same: Matrix, weight: Matrix, rows: Table, names: Sequence[str]) -> list[int]:
    signs = np.array([{"+": 1, "-": -1}.get(rows.feature[n].sign, 0) for n in names] + [0])
    fixed = np.array([rows.feature[n].sign == "!" for n in names] + [False])
    given = np.array([rows.feature[n].points if f else 0 for n, f in zip(names, fixed, strict=False)] + [0]) / SCALE
    free = ~fixed & x.any(axis=0)
    while True:
        w = np.zeros(x.shape[1])
        w[free] = _newton(x[:, free], same, weight, x @ given)
        forbidden = free & (w * signs < 0)
        if not forbidden.any():
            return [int(p) for p in np.rint((w + given) * SCALE)]
        free &= ~forbidden


def _newton(x: Matrix, same: Matrix, weight: Matrix, offset: Matrix) -> Matrix:
    w = np.zeros(x.shape[1])
    ridge = np.eye(x.shape[1]) * RIDGE
    ridge[-1, -1] = 1e-3  # the bias is hardly held
    for _ in range(ROUNDS):
        likely = 1 / (1 + np.exp(-(x @ w + offset)))
        slope = x.T @ (weight * (same - likely)) - ridge @ w
        step = np.linalg.solve((x.T * (weight * likely * (1 - likely))) @ x + ridge, slope)
        w += step
        if np.abs(step).max() < 1e-8:
            break
    return w


def written(text: str, rows: Table) -> str:
    """points.toml with other points; everything that people wrote in it stays."""
    text = re.sub(r"(?m)^bias = -?\d+", f"bias = {rows.bias}", text)
    for name, row in rows.feature.items():
        text = re.sub(rf"(\[feature\.{name}\]\npoints = )-?\d+", rf"\g<1>{row.points}", text)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fit", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pairs", type=Path, metavar="PAIRS", help="labelled pairs, as bench.match reads them")
    parser.add_argument("--write", action="store_true", help="write the points into index/match/points.toml")
    given = parser.parse_args()
    rows = fitted(pairs(given.pairs), shipped.table())
    progress()
    for name, row in sorted(rows.feature.items(), key=lambda item: -item[1].points):
        print(f"{row.points:5}  {name}")
    print(f"{rows.bias:5}  bias")
    if given.write:
        shipped.PATH.write_text(written(shipped.PATH.read_text(encoding="utf-8"), rows), encoding="utf-8")


if __name__ == "__main__":
    run(main)
