"""Names for findings that survive line moves."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from aisec_ci.model import Finding

_SPACE = re.compile(r"\s+")


def fingerprint(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings with their fingerprints: 16 hexadecimal digits.

    A fingerprint is made of the rule, the path, what identifies the finding (`Finding.anchor`, by default the text of
    its line with white space folded) and a count among equals in the order of lines. It holds no secret: detectors of
    secrets give an anchor that is a keyed hash.
    """
    seen: Counter[str] = Counter()
    out = []
    for finding in sorted(findings, key=lambda f: (f.location, f.rule_id, f.message)):
        anchor = finding.anchor or _SPACE.sub(" ", finding.location.text).strip()
        key = "\0".join(
            ("1", finding.rule_id, finding.location.path, finding.location.inside.split(" at ", 1)[0], anchor)
        )
        seen[key] += 1
        digest = hashlib.sha256(f"{key}\0{seen[key]}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
        out.append(replace(finding, fingerprint=digest))
    return out
