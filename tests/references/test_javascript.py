"""Models and services in JavaScript and TypeScript: what counts, whose it is, and what only looks like one."""

from __future__ import annotations

import pytest

from aisec_ci.model import Confidence, Thing
from tests.hang import ends
from tests.references.test_references import models, observe


def services(path, text):
    return {(o.name, o.attributes.get("endpoint", "")) for o in observe(path, text) if o.thing is Thing.SERVICE}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('import OpenAI from "openai";\nconst c = new OpenAI();\nc.chat.completions.create({ model: "gpt-4o" });', {("gpt-4o", "openai")}),
        ('import { openai } from "@ai-sdk/openai";\nexport const m = openai("o4-mini");', {("o4-mini", "openai")}),
        ('import { openai as ai } from "@ai-sdk/openai";\nai.embedding("text-embedding-3-small");', {("text-embedding-3-small", "openai")}),
        ('import { createAnthropic } from "@ai-sdk/anthropic";\nconst a = createAnthropic();\nconst x = a("claude-sonnet-4-5");', {("claude-sonnet-4-5", "anthropic")}),
        ('import { ChatOllama } from "@langchain/ollama";\nnew ChatOllama({ model: "llama3.1:8b" });', {("llama3.1:8b", "ollama")}),
        ('const { Ollama } = require("ollama");\nconst o = new Ollama();\no.chat({ model: "qwen2.5" });', {("qwen2.5", "ollama")}),
        ('import { createOpenAI } from "@ai-sdk/openai";\nconst groq = createOpenAI({ baseURL: "https://api.groq.com/openai/v1" });\ngroq("llama-3.3-70b-versatile");', {("llama-3.3-70b-versatile", "groq")}),
        ('import { gateway } from "ai";\ngateway.languageModel("anthropic/claude-haiku-4.5");', {("claude-haiku-4.5", "anthropic")}),
        ('import { pipeline } from "@xenova/transformers";\nawait pipeline("feature-extraction", "Xenova/all-MiniLM-L6-v2");', {("Xenova/all-MiniLM-L6-v2", "huggingface")}),
        ('import { AutoModel } from "@huggingface/transformers";\nAutoModel.from_pretrained("onnx-community/dinov2-small");', {("onnx-community/dinov2-small", "huggingface")}),
        ('export const DEFAULT_MODEL = "gemini-2.5-flash";', {("gemini-2.5-flash", "google-genai")}),
        ('const model = process.env.OPENAI_MODEL ?? "gpt-4.1-mini";', {("gpt-4.1-mini", "openai")}),
        ('const m = env.get("LLM_MODEL") || "gpt-4.1-mini";', {("gpt-4.1-mini", "openai")}),
        ('function ask(q: string, model = "gpt-4o") {}', {("gpt-4o", "openai")}),
        ('class A { private readonly model: string = "gpt-4o"; }', {("gpt-4o", "openai")}),
        ('enum ChatModel { Fast = "gpt-4o-mini" }', {("gpt-4o-mini", "openai")}),
        ('const MODELS = [{ id: "gpt-4o", name: "GPT-4o" }, { id: "claude-sonnet-4-5", name: "Claude" }];', {("gpt-4o", "openai"), ("claude-sonnet-4-5", "anthropic")}),
        ('const models = { "Xenova/whisper-tiny": [41], "Xenova/whisper-base": [77] };', {("Xenova/whisper-tiny", "huggingface"), ("Xenova/whisper-base", "huggingface")}),
        ('const P: LLM = { modelId: "sonar-small-chat", provider: "perplexity" };', {("sonar-small-chat", "perplexity")}),
        ('const schema = z.object({ model: z.enum(["gpt-4o", "o3-mini"]).default("gpt-4o") });', {("gpt-4o", "openai"), ("o3-mini", "openai")}),
        ('const x = { model: big ? "gpt-4o" : "gpt-4o-mini" };', {("gpt-4o", "openai"), ("gpt-4o-mini", "openai")}),
        ('const a = "ä€😀"; const embeddingModel = "text-embedding-3-large";', {("text-embedding-3-large", "openai")}),
        ('export const getDefaultModel = () => "gpt-4o";', {("gpt-4o", "openai")}),
    ],
)  # fmt: skip
def test_models(text, expected):
    assert models("src/app.ts", text) == expected
    assert models("src/app.tsx", text) == expected


@pytest.mark.parametrize(
    "text",
    [
        'if (model === "gpt-4o") run();',
        'const vision = model.startsWith("gpt-4");',
        'switch (model) { case "gpt-4o": break; }',
        'type Model = "gpt-4o" | "gpt-4";',
        '// const model = "gpt-4o";\n/* model: "gpt-4o" */',
        'import { encode } from "gpt-tokenizer";\nconst model = 1;',
        'const MODEL_LIMITS = { "gpt-4o": 128000 };',
        'console.log("gpt-4o"); const model = x;',
        'const model = "your-org/your-model";',
        'const modelPath = "models/output";',
        'const contentType = "application/x-model-1";  const model = "text/plain";',
        'const hubModelId = "acme/bert-large-tuned";',
        'const title = "gpt-4o"; const model = y;',
        "const model = `${org}/gpt-4o`;",
    ],
)  # fmt: skip
def test_what_names_no_model(text):
    assert models("src/app.ts", text) == set()


def test_tests_and_bundles_are_left_alone():
    text = 'const model = "gpt-4o";'
    for path in ("a.test.ts", "a.spec.tsx", "__tests__/a.js", "dist/a.js", "lib/a.min.js", "types/a.d.ts"):
        assert models(path, text) == set()


def test_services_of_clients_and_addresses():
    text = 'import OpenAI from "openai";\nconst a = new OpenAI();\n\nconst b = new OpenAI({ baseURL: "https://openrouter.ai/api/v1" });\n'
    assert services("a.ts", text) == {
        ("openai", ""),
        ("openrouter", "https://openrouter.ai/api/v1"),
        ("openrouter", "https://openrouter.ai"),
    }
    assert services("b.js", 'fetch("https://api.anthropic.com/v1/messages?key=1")') == {
        ("anthropic", "https://api.anthropic.com")
    }
    assert services("c.js", "// see https://api.anthropic.com/v1/messages") == set()


def test_a_client_of_an_unknown_server_is_not_its_protocols_provider():
    text = 'import OpenAI from "openai";\nconst c = new OpenAI({ baseURL: "https://llm.acme.example/v1" });\nc.chat.completions.create({ model: "acme-7b" });\n'
    assert services("a.ts", text) == {("https://llm.acme.example/v1", "https://llm.acme.example/v1")}


def test_the_place_and_how_sure():
    found = next(
        o
        for o in observe("a.ts", 'import { openai } from "@ai-sdk/openai";\nconst m = openai("gpt-4o");\n')
        if o.thing is Thing.MODEL
    )
    assert (found.location.line, found.location.column, found.confidence) == (2, 19, Confidence.HIGH)
    found = next(o for o in observe("a.ts", 'const MODEL = "gpt-4o";\n') if o.thing is Thing.MODEL)
    assert found.confidence is Confidence.MEDIUM


@pytest.mark.parametrize(
    "text",
    [
        "const model = [" * 3000 + '"gpt-4o"',
        'model = "gpt-4o" + ' * 3000,
        "model " + "import {a," * 20_000,
        'x = {model: "gpt-4o' * 5000,
        "model = (" * 20_000,
        "model\nnew OpenAI(" * 3000,
    ],
)
def test_hostile_sources_end(text):
    with ends():
        observe("a.ts", text)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("App.vue", '<template><p model="gpt-4">{{ model }}</p></template>\n<script setup lang="ts">\nconst model: string = "gpt-4o";\n</script>', {("gpt-4o", "openai")}),
        ("Chat.svelte", '<script>\n  export let model = "gpt-4o-mini";\n</script>\n<option value="gpt-4">model</option>', {("gpt-4o-mini", "openai")}),
        ("page.astro", '---\nconst model = "gpt-4o";\n---\n<h1>model "gpt-4"</h1>\n<script>const m = { model: "gpt-4.1" };</script>', {("gpt-4o", "openai"), ("gpt-4.1", "openai")}),
        ("App.vue", "<template>const model = 'gpt-4o';</template>", set()),
    ],
)  # fmt: skip
def test_scripts_of_components(path, text, expected):
    assert models(path, text) == expected


def test_a_name_with_its_provider_in_an_own_call():
    assert models("a.ts", "export const searchTool = createSearchTool('openai:gpt-4o-mini');") == {
        ("gpt-4o-mini", "openai")
    }
    assert models("a.ts", "if (model.startsWith('openai:gpt-4o-mini')) log('openai/gpt-4o'); use('gpt-4o');") == set()


@pytest.mark.parametrize(
    "text",
    [
        "const reasoningModels = ['gpt-oss', 'deepseek-r1'];",
        "const modelsWithoutTemperature = new Set(['o1-mini', 'gpt-5']);",
        "const VISION_MODELS = ['gpt-4o'];",
        "const MODEL_COSTS = { 'gpt-4o': 2.5 };",
    ],
)
def test_lists_of_models_with_a_property_are_for_looking_up(text):
    assert models("a.ts", text) == set()


def test_a_name_to_show_beside_a_key():
    text = "const models = [{ name: 'all-MiniLM-L6-v2', key: 'Xenova/all-MiniLM-L6-v2' }];"
    assert models("a.ts", text) == {("Xenova/all-MiniLM-L6-v2", "huggingface")}


@pytest.mark.parametrize("path", ["a.ts", "a.json"])
@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ('"modelId": "gpt-4.1", "modelName": "GPT-4.1", "provider": "openai"', {("gpt-4.1", "openai")}),
        ('"model_name": "GPT-4o", "model_id": "gpt-4o"', {("gpt-4o", "openai")}),
        ('"modelName": "gpt-4o", "provider": "openai"', {("gpt-4o", "openai")}),
        ('"modelId": 17, "modelName": "gpt-4o", "provider": "openai"', {("gpt-4o", "openai")}),
    ],
)
def test_a_name_beside_an_identifier_is_one_to_show(path, members, expected):
    text = f"{{{members}}}"
    assert models(path, f"export const M = {text};" if path == "a.ts" else text) == expected


def test_a_model_of_a_component_is_found_at_its_place():
    (seen,) = [
        o
        for o in observe("a.vue", '<p>ä</p>\r\n<script>\r\n  const model = "gpt-4o";\r\n</script>')
        if o.thing is Thing.MODEL
    ]
    assert (seen.location.line, seen.location.column) == (3, 18)


def test_components_end():
    with ends():
        observe("a.svelte", "model <script " * 20_000)
        observe("a.vue", "model <script> " * 60_000)
        observe("a.vue", "model <script></script> " * 30_000)
        observe("a.astro", "---\nmodel " * 20_000)
