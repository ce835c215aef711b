"""Models that reach clients of JavaScript and TypeScript by constants of other files."""

from __future__ import annotations

import subprocess

import pytest

from aisec_ci.cli.run import Request, perform
from aisec_ci.model import Thing


@pytest.fixture
def seen(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)

    def scan(text, constants):
        (tmp_path / "app.ts").write_text(text, encoding="utf-8")
        (tmp_path / "consts.ts").write_text(constants, encoding="utf-8")
        result = perform(Request(paths=(".",), engines="fast", inventory=True, isolated=True, quiet=True)).result
        return {
            (o.name, o.attributes.get("hub", ""), o.location.path)
            for o in result.observations
            if o.thing is Thing.MODEL
        }

    return scan


OPENAI = "import { openai } from '@ai-sdk/openai';\nimport { FAST, CONFIG, Kind } from './consts';\n"


@pytest.mark.parametrize(
    ("text", "constants", "expected"),
    [
        (OPENAI + "export const a = openai(FAST);", 'export const FAST = "gpt-4o-mini";', ("gpt-4o-mini", "openai")),
        (OPENAI + "export const a = openai(CONFIG.chat);", 'export const CONFIG = { chat: "gpt-4o", n: 1 } as const;', ("gpt-4o", "openai")),
        (OPENAI + "export const a = openai(Kind.Big);", 'export enum Kind { Big = "gpt-4.1" }', ("gpt-4.1", "openai")),
        (OPENAI + "export const a = openai(FAST);", 'export const FAST = process.env.FAST ?? "gpt-4o-mini";', ("gpt-4o-mini", "openai")),
        ("import OpenAI from 'openai';\nimport { FAST } from './consts';\nnew OpenAI().chat.completions.create({ model: FAST, messages: [] });", 'export const FAST = "gpt-4o-mini";', ("gpt-4o-mini", "openai")),
        ("import { ChatOllama } from '@langchain/ollama';\nimport * as c from './consts';\nnew ChatOllama({ model: c.FAST });", 'export const FAST = "llama3.1:8b";', ("llama3.1:8b", "ollama")),
    ],
)  # fmt: skip
def test_constants(seen, text, constants, expected):
    assert seen(text, constants) == {(*expected, "consts.ts")}


@pytest.mark.parametrize(
    ("text", "constants"),
    [
        (OPENAI + "log(FAST);", 'export const FAST = "gpt-4o-mini";'),
        (OPENAI + "openai(FAST);", 'export const FAST = "your-model";'),
        (OPENAI + "openai(CONFIG.title);", 'export const CONFIG = { title: "Hello there" };'),
        ("import { openai } from './openai';\nimport { FAST } from './consts';\nopenai(FAST);", 'export const FAST = "gpt-4o-mini";'),
    ],
)  # fmt: skip
def test_what_names_no_model(seen, text, constants):
    assert seen(text, constants) == set()


def test_a_constant_with_a_name_for_models_is_observed_once(seen):
    assert seen(OPENAI + "openai(CHAT_MODEL);", 'export const CHAT_MODEL = "gpt-4o";') == {
        ("gpt-4o", "openai", "consts.ts")
    }
