"""What a check found: one figure, the bound that it is held to, and how both are printed."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of the table. `ok` None: shown, not judged. `value` None: there is no figure, `note` says why."""

    check: str
    what: str
    value: float | None = None
    unit: str = ""
    bound: str = ""  # "< 0.002", for people
    ok: bool | None = None
    note: str = ""


def below(check: str, what: str, value: float, most: float, unit: str = "", judged: bool = True) -> Finding:
    """A figure that must be smaller than `most`. Not a number is not smaller."""
    return Finding(check, what, value, unit, f"< {_figure(most)}", value < most) if judged else shown(check, what, value, unit)


def near(check: str, what: str, ratio: float, tolerance: float, note: str = "", judged: bool = True) -> Finding:
    """A ratio that must be 1, give or take `tolerance`."""
    bound = f"{1 - tolerance:.2f} .. {1 + tolerance:.2f}"
    ok = abs(ratio - 1) <= tolerance
    return Finding(check, what, ratio, "", bound, ok, note) if judged else shown(check, what, ratio, note=note)


def holds(check: str, what: str, ok: bool) -> Finding:
    """A yes or no that must be yes."""
    return Finding(check, what, float(ok), "", "= 1", ok)


def shown(check: str, what: str, value: float, unit: str = "", note: str = "") -> Finding:
    """A figure that nothing depends on."""
    return Finding(check, what, value, unit, note=note)


def failed(findings: Sequence[Finding]) -> bool:
    """Whether any judged figure is out of bounds."""
    return any(finding.ok is False for finding in findings)


def table(findings: Sequence[Finding]) -> str:
    """The findings as aligned text."""
    cells = [
        (
            {True: "ok", False: "!!", None: "-"}[f.ok],
            f.check,
            f.what,
            "" if f.value is None else f"{_figure(f.value)} {f.unit}".strip(),
            f.bound,
            f.note,
        )
        for f in findings
    ]
    widths = [max((len(row[column]) for row in cells), default=0) for column in range(6)]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells)


def _figure(value: float) -> str:  # also of what is no number
    return f"{value:,.0f}" if abs(value) >= 1000 or float(value).is_integer() else f"{value:.3g}"
