"""When garbage of earlier analyses is looked for: where there is much of it, and much to come."""

from __future__ import annotations

import pytest

from aisec_ci.detectors.code import analysis


@pytest.mark.parametrize(
    ("files", "collected"),
    [
        ([3, 1853, 3], [1853]),
        ([400, 400, 400], [400, 400]),
        ([1000, 20, 20, 110], [110]),
        ([100, 100, 100], []),
        ([2000], []),
    ],
    ids=["the rest of a tree", "large parts", "small parts until they are much", "little", "one"],
)
def test_garbage_is_looked_for(files: list[int], collected: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    coming = 0
    monkeypatch.setattr(analysis, "_analysed", [])
    monkeypatch.setattr(analysis.gc, "collect", lambda: seen.append(coming))
    monkeypatch.setattr(analysis.gc, "unfreeze", lambda: None)
    for coming in files:
        analysis._take_back(coming)
    assert seen == collected
