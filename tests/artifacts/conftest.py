"""The readers are tested alone: modelscan has its own tests, and starting it for each file would take minutes."""

import pytest


@pytest.fixture(autouse=True)
def _no_second_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aisec_ci.detectors.artifacts.reading.find_spec", lambda _: None)
