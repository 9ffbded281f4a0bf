"""Whether a lead fits: points and must-haves of criteria, added up with what is not known left open.

Each criterion looks at one thing that is known of a lead, or not known. What is not known is neither met nor missed: it
leaves room. So a lead has the points that are sure, and the least and most that it may come to; the verdict is given
only where no answer that is still missing could change it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Met(StrEnum):
    """What a criterion says of a lead."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What all criteria together say."""

    FITS = "yes"
    DOES_NOT_FIT = "no"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One thing to look at. `fits`: the answers that meet it, without any: any answer does; `points` may be below 0.

    `words`: it is met by a text that contains one of `fits`, not by one that equals it.
    """

    key: str
    points: int
    must: bool = False
    fits: tuple[str, ...] = ()
    words: bool = False


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One criterion and what it says of a lead."""

    criterion: Criterion
    met: Met

    @property
    def points(self) -> int:
        return self.criterion.points if self.met is Met.YES else 0


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The points that are sure, the least and most that they may become, and the verdict."""

    points: int
    least: int
    most: int
    needed: int
    verdict: Verdict
    judged: tuple[Judged, ...]

    @property
    def missed(self) -> list[Judged]:
        """The must-haves that are not met."""
        return [one for one in self.judged if one.criterion.must and one.met is Met.NO]

    @property
    def to_ask(self) -> list[Judged]:
        """What is not known and could still matter, must-haves first, then by points."""
        unknown = [one for one in self.judged if one.met is Met.UNKNOWN]
        return sorted(unknown, key=lambda one: (not one.criterion.must, -abs(one.criterion.points)))


def judge(known: Mapping[str, str | None], criteria: Sequence[Criterion], *, needed: int) -> Judgement:
    """Judge what is `known` of a lead, by the key of the criterion; None or nothing there: not known.

    An empty text is a known answer: "no e-mail address". A lead fits with all must-haves and `needed` points.
    Without any criteria the verdict is open: nobody said what fits.
    """
    judged = tuple(Judged(criterion=one, met=_met(one, known.get(one.key))) for one in criteria)
    points = sum(one.points for one in judged)
    unknown = [one.criterion.points for one in judged if one.met is Met.UNKNOWN]
    least = points + sum(worth for worth in unknown if worth < 0)
    most = points + sum(worth for worth in unknown if worth > 0)
    return Judgement(
        points=points,
        least=least,
        most=most,
        needed=needed,
        verdict=_verdict(judged, least=least, most=most, needed=needed),
        judged=judged,
    )


def _verdict(judged: Sequence[Judged], *, least: int, most: int, needed: int) -> Verdict:
    musts = {one.met for one in judged if one.criterion.must}
    if not judged:
        return Verdict.OPEN
    if Met.NO in musts or most < needed:
        return Verdict.DOES_NOT_FIT
    if Met.UNKNOWN not in musts and least >= needed:
        return Verdict.FITS
    return Verdict.OPEN


def _met(criterion: Criterion, answer: str | None) -> Met:
    if answer is None:
        return Met.UNKNOWN
    said = answer.strip().casefold()
    wanted = [one.strip().casefold() for one in criterion.fits if one.strip()]
    if criterion.words:
        return _yes(any(one in said for one in wanted) if wanted else bool(said))
    return _yes(said in wanted if wanted else bool(said))


def _yes(met: bool) -> Met:
    return Met.YES if met else Met.NO


def fewest_first(open_leads: Mapping[int, int], last_given: Mapping[int, int]) -> int | None:
    """Whose turn it is: who has the fewest open leads; among equals who was given one longest ago, or never.

    `open_leads`: how many each has, by id; `last_given`: a number that grows with time, absent for never. None: nobody.
    """
    if not open_leads:
        return None
    return min(open_leads, key=lambda one: (open_leads[one], last_given.get(one, -1), one))
