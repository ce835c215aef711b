from __future__ import annotations

import json
import os
import threading
from datetime import date
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_ci.errors import ConfigError
from aisec_ci.model import Confidence, Family, Severity
from aisec_ci.policy.config import KEYS, Config, discover, load, parse
from aisec_ci.policy.verdict import Threshold
from aisec_ci.sources.git import find
from tests.conftest import Git


def test_everything_at_once() -> None:
    config = parse(
        """
        fail-on = "medium"
        exclude = ["docs/**"]
        allow-incomplete = true
        [families.secrets]
        fail-on = "never"
        [[waivers]]
        rule = "unpinned-model"
        path = "notebooks/*"
        reason = "experiments"
        expires = 2027-01-31
        [prompts]
        sources = []
        """,
        "aisec-ci.toml",
    )
    assert config.policy.threshold == Threshold(Severity.MEDIUM, Confidence.MEDIUM)
    assert config.policy.threshold_of(Family.SECRETS) == Threshold(None, Confidence.MEDIUM)
    assert config.policy.allow_incomplete
    assert config.exclude == ("docs/**",)
    assert config.waivers[0].expires == date(2027, 1, 31)


@pytest.mark.parametrize(
    ("text", "message", "help_"),
    [
        ('x = 1\nfail_on = "high"', "unknown key `x` in aisec-ci.toml, line 1", "known keys: "),
        ('\nfail_on = "high"', "unknown key `fail_on` in aisec-ci.toml, line 2", "did you mean `fail-on`?"),
        (
            'fail-on = "hihg"',
            "`fail-on` must be one of note, low, medium, high, critical, never",
            "did you mean `high`?",
        ),
        ("fail-on = 3", "`fail-on` must be one of", ""),
        ("exclude = 'a'", "`exclude` must be a list of strings", ""),
        (
            "[families.secret]\nfail-on='low'",
            "unknown key `secret` in aisec-ci.toml, line 1",
            "did you mean `secrets`?",
        ),
        (
            "[families.secrets]\nfail-confidnce='low'",
            "unknown key `fail-confidnce` in aisec-ci.toml, line 2",
            "did you mean `fail-confidence`?",
        ),
        ("[[waivers]]\nrule='x'", "a waiver needs a `reason`", ""),
        ("[[waivers]]\nreason='x'", "a waiver names a `rule` or a `fingerprint`", ""),
        (
            "[[waivers]]\nreason='x'\nrule='y'\nexpires='2027-01-01'",
            "`expires` must be a date in aisec-ci.toml, line 4",
            "without quotes",
        ),
        ("[agents]\nlevel = 1", "unknown key `agents` in aisec-ci.toml, line 1", "`[families.agents]`"),
        ("[bom]\npurpos = 'x'", "unknown key `purpos` in `[bom]` of aisec-ci.toml", "did you mean `purpose`?"),
        ("a = ", "aisec-ci.toml is not valid TOML", ""),
        ("waivers = 3", "`waivers` must be an array of tables", ""),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, message: str, help_: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "aisec-ci.toml")
    assert message in caught.value.message
    assert help_ in caught.value.help
    assert caught.value.help


@given(st.text(max_size=300))
def test_any_text_is_a_configuration_or_an_error(text: str) -> None:
    try:
        assert isinstance(parse(text, "x"), Config)
    except ConfigError as error:
        assert error.message


def test_the_nearest_file_holds_and_pyproject_counts_only_with_our_table(git: Git, tmp_path: Path) -> None:
    (tmp_path / "sub/deep").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.aisec-ci]\nfail-on = 'low'\n")
    (tmp_path / "sub/pyproject.toml").write_text("[project]\nname = 'x'\n")
    repository = find(tmp_path)
    assert discover(tmp_path / "sub/deep", repository).policy.threshold.severity is Severity.LOW
    (tmp_path / "sub/aisec-ci.toml").write_text("fail-on = 'critical'\n")
    found = discover(tmp_path / "sub/deep", repository)
    assert (found.policy.threshold.severity, found.origin) == (Severity.CRITICAL, "sub/aisec-ci.toml")


def test_a_change_cannot_approve_itself(git: Git, tmp_path: Path) -> None:
    (tmp_path / "aisec-ci.toml").write_text("fail-on = 'low'\n")
    git("add", ".")
    git("commit", "-qm", "one")
    (tmp_path / "aisec-ci.toml").write_text("fail-on = 'never'\n")
    git("commit", "-qam", "two")
    repository = find(tmp_path)
    assert repository
    assert discover(tmp_path, repository).policy.threshold.severity is None
    assert discover(tmp_path, repository, repository.base("HEAD~1")).policy.threshold.severity is Severity.LOW


def test_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no"):
        load(tmp_path / "nope.toml")
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path / "latin.toml")
    (tmp_path / "big.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(ConfigError, match="larger than"):
        load(tmp_path / "big.toml")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_is_waited_for_only_where_the_user_names_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "aisec-ci.toml")
    with pytest.raises(ConfigError, match="not a regular file"):
        discover(tmp_path, None)
    writer = threading.Thread(target=(tmp_path / "aisec-ci.toml").write_text, args=("fail-on = 'low'\n",))
    writer.start()
    assert load(tmp_path / "aisec-ci.toml").policy.threshold.severity is Severity.LOW
    writer.join()


def test_the_published_schema_takes_what_the_parser_takes() -> None:
    schema = json.loads((Path(__file__).parents[2] / "docs" / "configuration.schema.json").read_text())
    assert set(schema["properties"]) == set(KEYS)
    validator = jsonschema_rs.validator_for(schema)
    good = {
        "fail-on": "never",
        "exclude": ["docs/**"],
        "families": {"secrets": {"fail-on": "medium"}},
        "waivers": [{"rule": "unpinned-model", "reason": "experiments", "expires": "2027-01-31"}],
        "bom": {"purpose": "x", "owners": {"business": "y"}},
        "prompts": {"models": {}},
    }
    assert validator.is_valid(good)
    for bad in (
        {"fail_on": "low"},
        {"fail-on": "hihg"},
        {"families": {"secret": {}}},
        {"waivers": [{"rule": "x"}]},
        {"waivers": [{"reason": "x"}]},
        {"bom": {"purpos": "x"}},
        {"exclude": "docs"},
    ):
        assert not validator.is_valid(bad), bad
