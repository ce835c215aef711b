"""The lock file: what is written is read again, what is wrong is refused with the place and a way out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_ci.errors import ConfigError
from aisec_ci.lockfile import Lock, Locked, dump, is_inside, merged, parse

COMMIT = "5c38ec7c405ec4b44b94cc5a9bb96e735b38267a"
OTHER = "0" * 39 + "1"
DIGEST = "sha256:" + "ab" * 32

names = st.from_regex(r"[A-Za-z][\w.-]{0,20}/[A-Za-z][\w.-]{0,20}", fullmatch=True)
paths = st.text(st.characters(exclude_characters="/\\\0", codec="utf-8"), min_size=1, max_size=20).filter(is_inside)
entries = st.builds(
    Locked,
    name=names,
    commit=st.from_regex(r"[0-9a-f]{40}", fullmatch=True),
    kind=st.sampled_from(["model", "dataset"]),
    hub=st.sampled_from(["huggingface", "modelscope", "torchhub"]),
    revision=st.sampled_from(["", "v1.0", "refs/pr/3", COMMIT]),
    license=st.text(st.characters(codec="utf-8"), max_size=20),
    locked=st.sampled_from(["", "2026-01-31"]),
    by=st.text(st.characters(codec="utf-8"), max_size=20),
    source=st.sampled_from(["", "hub", "cache"]),
    folder=st.sampled_from(["", "models/a b"]),
    files=st.dictionaries(paths, st.sampled_from([DIGEST, "git:" + OTHER]), max_size=4),
)


@given(st.lists(entries, max_size=6, unique_by=lambda e: e.key))
def test_what_is_written_is_read_again_and_the_order_does_not_matter(content: list[Locked]) -> None:
    text = dump(Lock(tuple(content)))
    assert sorted(parse(text).entries, key=repr) == sorted(content, key=repr)
    assert dump(Lock(tuple(reversed(content)))) == text


@pytest.mark.parametrize(
    ("text", "error", "help_"),
    [
        ("version = 1\n[[model]\n", "is not TOML", "aisec-ci pin"),
        ("", "has version None", "update aisec-ci"),
        ("version = 2", "has version 2", "update aisec-ci"),
        ("version = 1\n[[modell]]\n", "unknown key `modell`", "did you mean `model`?"),
        ("version = 1\nmodel = 3", "must be a list of tables", "[[model]]"),
        ("version = 1\nmodel = [3]", "is not a table", ""),
        (f'version = 1\n[[model]]\nname = "a/b"\ncomit = "{COMMIT}"', "unknown key `comit`", "did you mean `commit`?"),
        ('version = 1\n[[model]]\nname = "a/b"\ncommit = "main"', "`commit` in models.lock, [[model]] number 1", "pin"),
        (f'version = 1\n[[model]]\nname = "../x"\ncommit = "{COMMIT}"\nfolder = "../etc"', "outside the project", ""),
        (f'version = 1\n[[model]]\nname = "a b"\ncommit = "{COMMIT}"', "`name`", ""),
        (
            f'version = 1\n[[model]]\nname = "a/b"\ncommit = "{COMMIT}"\n[model.files]\n"../x" = "{DIGEST}"',
            "outside",
            "",
        ),
        (f'version = 1\n[[model]]\nname = "a/b"\ncommit = "{COMMIT}"\n[model.files]\nx = "md5:1"', "digest of `x`", ""),
        (
            f'version = 1\n[[model]]\nname = "a/b"\ncommit = "{COMMIT}"\n' * 1
            + f'[[model]]\nname = "A/B"\ncommit = "{OTHER}"',
            "twice",
            "merge",
        ),
    ],
)
def test_what_is_wrong_is_refused(text: str, error: str, help_: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(text)
    assert error in raised.value.message
    assert help_ in raised.value.help


@given(st.text(max_size=200))
def test_garbage_is_refused_and_never_crashes(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text)


def test_an_entry_is_found_by_revision_commit_and_name_without_owner() -> None:
    default = Locked("google-bert/bert-base-uncased", COMMIT)
    tag = Locked("google-bert/bert-base-uncased", OTHER, revision="v1.0")
    lock = Lock((default, tag))
    assert lock.entry("model", "huggingface", "Google-BERT/bert-base-uncased", "") == default
    assert lock.entry("model", "huggingface", "google-bert/bert-base-uncased", "main") == default
    assert lock.entry("model", "huggingface", "google-bert/bert-base-uncased", "v1.0") == tag
    assert lock.entry("model", "huggingface", "google-bert/bert-base-uncased", OTHER) == tag
    assert lock.entry("model", "huggingface", "google-bert/bert-base-uncased", "v2") is None
    assert lock.entry("model", "huggingface", "bert-base-uncased", "") == default
    assert lock.entry("dataset", "huggingface", "google-bert/bert-base-uncased", "") is None
    two = Lock((default, Locked("other/bert-base-uncased", OTHER)))
    assert two.entry("model", "huggingface", "bert-base-uncased", "") is None, "which of the two is not known"


def test_new_entries_take_the_place_of_old_ones() -> None:
    old = [Locked("a/b", COMMIT), Locked("c/d", COMMIT)]
    assert merged(old, [Locked("A/B", OTHER)]).entries == (Locked("A/B", OTHER), Locked("c/d", COMMIT))
