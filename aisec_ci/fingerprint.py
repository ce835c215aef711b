"""Names for findings that survive line moves."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace

from aisec_ci.model import Finding

_SPACE = re.compile(r"\s+")


def fingerprint(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings, in order of place, with their fingerprints: 16 hexadecimal digits.

    A fingerprint is made of the rule, the path, what identifies the finding (`Finding.anchor`, by default the text of
    its line with white space folded) and a count among equals in the order of lines. That of a secret is made of the
    rule and `Finding.identity` alone, so that it is the same in every file; what it was made of before stands in
    `former`. It holds no secret: detectors of secrets give keyed hashes.
    """
    seen: Counter[str] = Counter()
    numbers: dict[str, dict[str, int]] = defaultdict(dict)
    out = []
    for finding in sorted(findings, key=lambda f: (f.location, f.rule_id, f.message)):
        anchor = finding.anchor or _SPACE.sub(" ", finding.location.text).strip()
        key = "\0".join(
            ("1", finding.rule_id, finding.location.path, finding.location.inside.split(" at ", 1)[0], anchor)
        )
        former: tuple[str, ...] = ()
        if finding.identity:
            number = numbers[key].setdefault(finding.identity, len(numbers[key]) + 1)
            own = _digest(f"2\0{finding.rule_id}\0{finding.identity}")
            former = (_digest(f"{key}\0{number}"),)
        else:
            seen[key] += 1
            own = _digest(f"{key}\0{seen[key]}")
        out.append(replace(finding, fingerprint=own, former=former))
    return out


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:16]
