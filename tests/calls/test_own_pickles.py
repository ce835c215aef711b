"""Pickles that a program writes itself are less than those of somebody else."""

from __future__ import annotations

import pytest

from aisec_ci.catalog import load
from aisec_ci.detectors.code.calls.examination import worth_reading
from aisec_ci.model import Finding, Severity
from tests.code.programs import reports
from tests.hang import ends

LOAD = "model = joblib.load(open(folder + '/forest.pkl', 'rb'))\n"


def severities(files: dict[str, str]) -> list[Severity]:
    found = (r for r in reports(files) if isinstance(r, Finding) and r.rule_id == "unsafe-model-deserialization")
    return [f.severity for f in found]


@pytest.mark.parametrize(
    ("before", "severity"),
    [
        ("joblib.dump(fit(), open(folder + '/forest.pkl', 'wb'))\n", Severity.LOW),
        ("joblib.dump(fit(), f'{folder}/forest.pkl')\n", Severity.LOW),
        ("with open('out/forest.pkl', 'wb') as out:\n    pickle.dump(fit(), out)\n", Severity.LOW),
        ("joblib.dump(fit(), folder + '/tree.pkl')\n", Severity.MEDIUM),
        ("json.dump(fit(), open('forest.pkl', 'w'))\n", Severity.MEDIUM),
        ("print('/forest.pkl')\n", Severity.MEDIUM),
    ],
)
def test_what_the_module_writes_is_its_own(before: str, severity: Severity) -> None:
    head = "import json, joblib, os, pickle\nfrom train import fit\nfolder = os.environ['LOGS']\n"
    assert severities({"app.py": head + before + LOAD}) == [severity]


def test_what_another_program_writes_or_a_server_sends_is_not() -> None:
    head = "import joblib, requests, io\nfolder = 'x'\n"
    dump = "joblib.dump({}, folder + '/forest.pkl')\n"
    assert severities({"app.py": head + LOAD, "train.py": head + dump}) == [Severity.MEDIUM]
    fetched = "model = joblib.load(io.BytesIO(requests.get('https://example.com/forest.pkl').content))\n"
    assert severities({"app.py": head + dump + fetched}) == [Severity.HIGH]


@pytest.mark.parametrize("line", [b"import ", b"import a,", b"import \t", b"a, "])
def test_lists_of_imports_without_end_are_searched_once(line: bytes) -> None:
    pattern = worth_reading(load())
    assert pattern.search(b"import os, json, joblib\n")
    assert pattern.search(b"import os, xjoblib, json\n") is None
    with ends():
        assert pattern.search(b"import " + line * (2_000_000 // len(line))) is None
