from __future__ import annotations

import pytest

from aisec_ci import catalog
from aisec_ci.detectors.interface import Context, Tree
from aisec_ci.detectors.references import create
from aisec_ci.model import Gap, Observation, Thing
from aisec_ci.sources.file import SourceFile
from tests.hang import ends

RULES = catalog.load()


def observe(path, text, *others):
    file = SourceFile.of_bytes(path, text if isinstance(text, bytes) else text.encode())
    detector = create(Context(RULES, Tree([path, *others], lambda _: None), frozenset([path])))
    found = list(detector.scan(file)) if detector.wants(file) else []
    assert not list(detector.finish())
    assert all(isinstance(f, (Observation, Gap)) for f in found)
    return found


def names(path, text, thing, *others):
    return [o.name for o in observe(path, text, *others) if isinstance(o, Observation) and o.thing is thing]


def libraries(path, text):
    return {(o.name, o.attributes.get("version", "")) for o in observe(path, text) if o.thing is Thing.FRAMEWORK}


def models(path, text, *others):
    return {(o.name, o.attributes.get("hub", "")) for o in observe(path, text, *others) if o.thing is Thing.MODEL}


# -- manifests -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "requirements.txt",
            "openai==1.2.3\nflask==1\nLangchain_Core>=0.3 # x\n# torch==1\n-r other.txt\n",
            {("openai", "1.2.3"), ("Langchain_Core", "")},
        ),
        (
            "requirements-dev.txt",
            'transformers[torch]~=4.0; python_version < "3.9"\r\nvllm @ https://x/y.whl\n',
            {("transformers", ""), ("vllm", "")},
        ),
        ("requirements/base.in", "torch==2.*\n", {("torch", "")}),
        (
            "pyproject.toml",
            '[project]\nname = "x"\ndependencies = [\n  "openai==2.0", # "torch"\n  \'anthropic>=1; python_version < "3.12"\',\n  "spacy (>=3,<4); python_version < \'3.14\'",\n]\n[tool.x]\ny = ["torch"]\n',
            {("openai", "2.0"), ("anthropic", ""), ("spacy", "")},
        ),
        (
            "pyproject.toml",
            '[project]\ndependencies = ["openai", "httpx[http2]>=1"]\n[project.optional-dependencies]\nml = [\n "torch==2.1.0"]\n[dependency-groups]\ndev = ["ragas", {include-group = "x"}]\n',
            {("openai", ""), ("torch", "2.1.0"), ("ragas", "")},
        ),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\npython = "^3.11"\nlangchain = "^0.3"\nopenai = { version = "1.2.3", extras = ["a"] }\n[tool.poetry.group.dev.dependencies]\ndeepeval = "1.0.0"\n',
            {("langchain", ""), ("openai", "1.2.3"), ("deepeval", "1.0.0")},
        ),
        ("Pipfile", '[packages]\nopenai = "==1.0.0"\n', {("openai", "1.0.0")}),
        ("setup.cfg", "[options]\ninstall_requires =\n    openai>=1\n    requests\n", {("openai", "")}),
        (
            "setup.py",
            'setup(name="x", install_requires=["torch>=2", "numpy"], extras_require={"a": [\'openai==1.0\']})',
            {("torch", ""), ("openai", "1.0")},
        ),
        (
            "environment.yml",
            "dependencies:\n  - python=3.11\n  - conda-forge::transformers=4.40.0\n  - pip:\n    - openai==1.2\n",
            {("transformers", "4.40.0"), ("openai", "1.2")},
        ),
        (
            "uv.lock",
            'version = 1\n[[package]]\nname = "openai"\nversion = "2.1.0"\nsource = { registry = "x" }\n\n[[package]]\nname = "attrs"\nversion = "1"\n',
            {("openai", "2.1.0")},
        ),
        ("poetry.lock", '[[package]]\nname = "torch"\nversion = "2.1.0"\n', {("torch", "2.1.0")}),
        ("Cargo.lock", '[[package]]\nname = "async-openai"\nversion = "0.20.0"\n', {("async-openai", "0.20.0")}),
        (
            "Pipfile.lock",
            '{\n    "default": {\n        "openai": {\n            "hashes": ["sha256:0"],\n            "version": "==1.3.0"\n        }\n    }\n}',
            {("openai", "1.3.0")},
        ),
        (
            "package.json",
            '{"dependencies": {"openai": "^4.0.0", "@langchain/core": "0.3.1", "react": "1"}, "devDependencies": {"promptfoo": "1.0.0"}}',
            {("openai", ""), ("@langchain/core", "0.3.1"), ("promptfoo", "1.0.0")},
        ),
        (
            "package-lock.json",
            '{"packages": {"": {"dependencies": {"openai": "1"}}, "node_modules/a/node_modules/openai": {\n "version": "4.1.0"}, "node_modules/@ai-sdk/openai": {"version": "1.0.1"}}}',
            {("openai", "4.1.0"), ("@ai-sdk/openai", "1.0.1")},
        ),
        (
            "pnpm-lock.yaml",
            "packages:\n\n  /openai@4.2.0:\n    resolution: {}\n\n  '@langchain/core@0.3.1(openai@4.2.0)':\n    x: 1\n\n  /ollama/0.5.0:\n    x: 1\n",
            {("openai", "4.2.0"), ("@langchain/core", "0.3.1"), ("ollama", "0.5.0")},
        ),
        (
            "yarn.lock",
            'openai@^4.0.0:\n  version "4.3.0"\n\n"@ai-sdk/openai@npm:^1.0.0":\n  version: 1.0.2\n',
            {("openai", "4.3.0"), ("@ai-sdk/openai", "1.0.2")},
        ),
        (
            "go.mod",
            "module x\nrequire (\n\tgithub.com/sashabaranov/go-openai v1.2.3\n\tgithub.com/x/y v1 // indirect\n)\n",
            {("github.com/sashabaranov/go-openai", "v1.2.3")},
        ),
        (
            "Cargo.toml",
            '[dependencies]\nasync-openai = "=0.20.0"\nserde = "1"\n[dev-dependencies]\nort = { version = "2" }\n',
            {("async-openai", "0.20.0"), ("ort", "")},
        ),
        (
            "pom.xml",
            "<dependency><groupId>dev.langchain4j</groupId>\n<artifactId>langchain4j-open-ai</artifactId>\n<version>1.0.0</version></dependency>",
            {("dev.langchain4j:langchain4j-open-ai", "1.0.0")},
        ),
        (
            "build.gradle",
            "implementation 'org.springframework.ai:spring-ai-openai:1.0.0'\n",
            {("org.springframework.ai:spring-ai-openai", "1.0.0")},
        ),
        (
            "pom.xml",
            "<dependencyManagement><dependency><groupId>dev.langchain4j</groupId><artifactId>langchain4j-ollama</artifactId></dependency></dependencyManagement>",
            set(),
        ),
        (
            "gradle/libs.versions.toml",
            (
                '[versions]\nlc = "1.2.0"\n[libraries]\na = { module = "dev.langchain4j:langchain4j", version.ref = "lc" }\n'
                'b = { group = "org.springframework.ai", name = "spring-ai-openai", version = "1.1" }\nc = "com.anthropic:anthropic-java:2.0.0"\n'
            ),
            {
                ("dev.langchain4j:langchain4j", "1.2.0"),
                ("org.springframework.ai:spring-ai-openai", "1.1"),
                ("com.anthropic:anthropic-java", "2.0.0"),
            },
        ),
        (
            "src/Api/Api.csproj",
            (
                '<PackageReference Include="Microsoft.SemanticKernel" Version="1.30.0" />\n<PackageReference Include="Serilog" Version="3" />'
                '<PackageReference Include="OllamaSharp" />'
            ),
            {("Microsoft.SemanticKernel", "1.30.0"), ("OllamaSharp", "")},
        ),
        (
            "Directory.Packages.props",
            '<PackageVersion Include="Azure.AI.OpenAI" Version="2.1.0-beta.2" />',
            {("Azure.AI.OpenAI", "2.1.0-beta.2")},
        ),
        ("Gemfile", "gem 'ruby-openai', '7.3.1'\ngem \"rails\"\n", {("ruby-openai", "7.3.1")}),
        ("Gemfile.lock", "GEM\n  specs:\n    langchainrb (0.19.0)\n      json (~> 2)\n", {("langchainrb", "0.19.0")}),
        (
            "composer.json",
            '{"require": {"php": "^8", "openai-php/client": "v0.10.1"}, "require-dev": {"theodo-group/llphant": "^0.9"}}',
            {("openai-php/client", "0.10.1"), ("theodo-group/llphant", "")},
        ),
    ],
)
def test_manifests(path, text, expected):
    assert libraries(path, text) == expected


def test_a_library_is_found_at_its_name():
    (found,) = [
        o
        for o in observe("pyproject.toml", '[project]\ndependencies = [\n  "openai>=1",\n]\n')
        if o.thing is Thing.FRAMEWORK
    ]
    assert (found.location.line, found.location.column, found.location.end_column) == (3, 4, 10)


def test_a_client_of_one_provider_stands_for_its_service():
    assert names("requirements.txt", "anthropic\nopenai\nlangfuse\n", Thing.SERVICE) == ["anthropic", "langfuse"]
    assert names("uv.lock", '[[package]]\nname = "anthropic"\nversion = "1"\n', Thing.SERVICE) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements-dev.txt", "torch"),
        ("pyproject.toml", '[dependency-groups]\ntest = ["torch"]'),
        ("package.json", '{"devDependencies": {"openai": "1"}}'),
    ],
)
def test_what_only_development_needs_is_marked(path, text):
    (found,) = observe(path, text)
    assert found.attributes["scope"] == "development"


# -- images --------------------------------------------------------------------------------------------------------------


def test_dockerfile():
    text = "ARG TAG=3.12\nFROM --platform=linux/amd64 python:${TAG}-slim AS base\nFROM base\nFROM scratch\nFROM $UNKNOWN\nCOPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/\nCOPY --from=base a b\n"
    assert names("Dockerfile", text, Thing.CONTAINER) == ["python:3.12-slim", "ghcr.io/astral-sh/uv:0.5"]


def test_a_digest_is_kept():
    digest = "sha256:" + "a" * 64
    (found,) = observe("Dockerfile", f"FROM python:3@{digest}\n")
    assert found.attributes["digest"] == digest


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "compose.yml",
            "services:\n  db:\n    image: qdrant/qdrant:${V:-v1.2}\n  x:\n    image: ${NONE}\n",
            ["qdrant/qdrant:v1.2"],
        ),
        ("k.yaml", "kind: Deployment\nspec:\n  containers:\n  - image: 'ollama/ollama'\n", ["ollama/ollama"]),
        ("k.yaml", "kind: ConfigMap\n---\nkind: Pod\nspec:\n  containers:\n  - image: a/b:1\n", ["a/b:1"]),
        (
            ".github/workflows/w.yml",
            "jobs:\n  a:\n    container: node:20\n    steps:\n    - uses: docker://alpine:3\n",
            ["node:20", "alpine:3"],
        ),
        ("values.yaml", "image:\n  repository: vllm/vllm-openai\n  tag: v0.5\n", ["vllm/vllm-openai:v0.5"]),
        ("page.yml", "title: x\nimage: /img/logo.png\n", []),
        ("chart/templates/d.yaml", 'kind: Pod\nspec:\n  image: "{{ .Values.image }}"\n', []),
    ],
)
def test_images_in_yaml(path, text, expected):
    assert sorted(names(path, text, Thing.CONTAINER)) == sorted(expected)


# -- commands ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "run.sh",
            "ollama pull llama3.1:8b && ollama run mxbai-embed-large\n# ollama pull nope\nollama pull $MODEL\n",
            {("llama3.1:8b", "ollama"), ("mxbai-embed-large", "ollama")},
        ),
        (
            "compose.yml",
            'services:\n  i:\n    image: ollama/ollama\n    command: ["-c", "sleep 3; ollama pull qwen2.5:7b-instruct-q4_K_M; ollama pull nomic-embed-text"]\n',
            {("qwen2.5:7b-instruct-q4_K_M", "ollama"), ("nomic-embed-text", "ollama")},
        ),
        (
            "Makefile",
            "m:\n\thuggingface-cli download BAAI/bge-m3 --revision abc\n\thf download a/b c.bin\n",
            {("BAAI/bge-m3", "huggingface"), ("a/b", "huggingface")},
        ),
        (
            "Dockerfile",
            'FROM python\nRUN python -m spacy download en_core_web_sm\nRUN python -c "from x import y; SentenceTransformer(\'all-MiniLM-L6-v2\'); AutoModel.from_pretrained(\\"a/b\\")"\n',
            {("en_core_web_sm", "spacy"), ("all-MiniLM-L6-v2", "huggingface"), ("a/b", "huggingface")},
        ),
        (
            "serve.sh",
            "vllm serve Qwen/Qwen2.5-7B --tokenizer Qwen/Qwen2.5-7B\npython app.py --model ./local --model gpt-4o-mini --model=openai/gpt-4.1\n",
            {("Qwen/Qwen2.5-7B", "huggingface"), ("gpt-4o-mini", "openai"), ("gpt-4.1", "openai")},
        ),
        (
            "k.yaml",
            "kind: Pod\nspec:\n  containers:\n  - image: vllm/vllm-openai\n    args: ['--model', 'meta-llama/Llama-3.1-8B-Instruct']\n",
            {("meta-llama/Llama-3.1-8B-Instruct", "huggingface")},
        ),
        ("x.sh", "ollama run <model>\nhf download your-org/your-model\n", set()),
    ],
)
def test_commands(path, text, expected):
    assert models(path, text) == expected


def test_installed_libraries():
    text = "FROM python:3\nRUN pip install --no-cache-dir torch==2.1.0 \\\n    'transformers>=4' flask && npm i -g @anthropic-ai/claude-code@1.0.3\n"
    assert libraries("Dockerfile", text) == {
        ("torch", "2.1.0"),
        ("transformers", ""),
        ("@anthropic-ai/claude-code", "1.0.3"),
    }


# -- settings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("c.yaml", "model: gpt-4o\n", {("gpt-4o", "openai")}),
        (
            "c.yaml",
            "llm:\n  provider: ollama\n  model: qwen2.5:1.5b\nembedding_model: BAAI/bge-m3\n",
            {("qwen2.5:1.5b", "ollama"), ("BAAI/bge-m3", "huggingface")},
        ),
        ("c.yaml", "model:\n  model_id: mistral-nemo\n  provider:\n    name: ollama\n", {("mistral-nemo", "ollama")}),
        (
            "c.yaml",
            "models:\n  - lang_code: en\n    model_name: {spacy: en_core_web_sm, transformers: a-b/c-1}\n",
            {("en_core_web_sm", "spacy"), ("a-b/c-1", "huggingface")},
        ),
        (
            "c.toml",
            '[llm]\nmodel = "anthropic/claude-sonnet-4-5"\nsmall_model = "groq/llama-3.1-8b-instant"\n',
            {("claude-sonnet-4-5", "anthropic"), ("llama-3.1-8b-instant", "groq")},
        ),
        (
            "c.json",
            '{"model": "openrouter/meta-llama/llama-3-8b", "agents": [{"modelName": "openai/gpt-oss-20b"}]}',
            {("meta-llama/llama-3-8b", "openrouter"), ("openai/gpt-oss-20b", "huggingface")},
        ),
        (
            "litellm.yaml",
            "model_list:\n- model_name: fast\n  litellm_params:\n    model: azure/gpt-4o\n",
            {("gpt-4o", "azure-openai")},
        ),
        (
            ".env",
            "OPENAI_MODEL=gpt-4o-mini # x\nexport EMBEDDING_MODEL='BAAI/bge-m3'\n#MODEL=gpt-4\nMODEL_DIR=a/b\nMODEL=\nOLLAMA_MODEL=llama3.2\nX=gpt-4\n",
            {("gpt-4o-mini", "openai"), ("BAAI/bge-m3", "huggingface"), ("llama3.2", "ollama")},
        ),
        (".env.example", "AZURE_OPENAI_DEPLOYMENT_NAME=gpt-4o\nLLM_MODEL=your-model\n", {("gpt-4o", "azure-openai")}),
        ("Modelfile", "# FROM no\nFROM llama3.2:3b\nADAPTER ./a.gguf\n", {("llama3.2:3b", "ollama")}),
        ("x.modelfile", "FROM hf.co/bartowski/Llama-3.2-1B:Q4\n", {("bartowski/Llama-3.2-1B", "huggingface")}),
        (
            "w.yml",
            "jobs:\n  a:\n    steps:\n    - uses: x/y@v1\n      with:\n        model: claude-sonnet-4-5\n",
            {("claude-sonnet-4-5", "anthropic")},
        ),
    ],
)
def test_settings(path, text, expected):
    assert models(path, text) == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("c.yaml", "model: output/run-1\n"),
        ("c.yaml", "model_dir: org/name\nmodel_type: bert-base\nmodel_file: a/b.bin\n"),
        ("c.yaml", "# model: gpt-4o\n"),
        ("c.yaml", "model: your-org/your-model\nmodel_name: <name>\nmodel_id: ${MODEL}\n"),
        ("c.yaml", "model: true\nmodels: 3\n"),
        ("c.yaml", "car:\n  model: Corolla\n  brand: Toyota\n"),
        ("c.yaml", "title: gpt-4o is nice\n"),
        ("c.json", '{"model": "hf-internal-testing/tiny-random-bert"}'),
        ("c.json", '{"model": "app.models/User"}'),
        ("tokenizer.json", '{"model": {"type": "BPE", "name": "gpt-4o"}}'),
        ("locales/en.json", '{"model": "gpt-4o"}'),
        ("c.yaml", "model: src/models\n"),
    ],
)
def test_what_names_no_model(path, text):
    assert models(path, text, "src/models/x.py") == set()


def test_a_folder_of_the_tree_is_no_model():
    assert models("c.yaml", "model: acme/bert-1\n", "acme/bert-1/config.json") == set()


# -- flows ---------------------------------------------------------------------------------------------------------------


def test_n8n():
    text = """{"nodes": [
      {"parameters": {"model": "llama3.1:latest", "options": {}}, "type": "@n8n/n8n-nodes-langchain.lmChatOllama"},
      {"parameters": {"model": {"__rl": true, "value": "gpt-4o", "mode": "list"}}, "type": "@n8n/n8n-nodes-langchain.lmChatOpenAi"},
      {"parameters": {}, "type": "@n8n/n8n-nodes-langchain.vectorStoreSupabase"},
      {"parameters": {"model": "={{ $json.model }}"}, "type": "@n8n/n8n-nodes-langchain.lmChatAnthropic"}]}"""
    assert models("w.json", text) == {("llama3.1:latest", "ollama"), ("gpt-4o", "openai")}
    assert names("w.json", text, Thing.SERVICE) == ["ollama", "openai", "supabase", "anthropic"]


def test_flowise():
    text = """{"nodes": [{"data": {"name": "chatOllama", "category": "Chat Models", "inputAnchors": [],
      "inputs": {"baseUrl": "http://u:p@localhost:11434", "modelName": "qwen2.5-coder:32b"}}}]}"""
    assert models("f.json", text) == {("qwen2.5-coder:32b", "ollama")}
    (service,) = [o for o in observe("f.json", text) if o.thing is Thing.SERVICE]
    assert service.attributes["endpoint"] == "http://localhost:11434"


# -- addresses -----------------------------------------------------------------------------------------------------------


def test_weights_by_url():
    digest = "a" * 64
    text = f"wget https://u:p@example.org/w/yolo.pt?sig=1\n# curl https://example.org/no.pt\ncurl -LO https://example.org/m.onnx # {digest}\nwget https://example.org/$NAME.pt\nwget https://example.org/x.txt\n"
    found = [o for o in observe("get.sh", text) if o.thing is Thing.MODEL_FILE]
    assert [(o.name, o.attributes.get("sha256")) for o in found] == [
        ("https://example.org/w/yolo.pt", None),
        ("https://example.org/m.onnx", digest),
    ]


# -- robustness ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    "requirements.txt pyproject.toml setup.py setup.cfg uv.lock Pipfile.lock package.json package-lock.json pnpm-lock.yaml yarn.lock go.mod Cargo.toml pom.xml build.gradle environment.yml Dockerfile compose.yml c.json c.toml .env run.sh Modelfile".split(),
)
@pytest.mark.parametrize(
    "piece",
    [
        "a" * 10,
        " " * 10,
        '"dependencies": {',
        '        "a": {',
        "[[package]]\nname = ",
        "a@b:\n ",
        "image: model: ",
        "- " * 20,
        "[" * 20,
        "pip install torch ",
        "ollama pull ",
        "https://a.b/" + "c/" * 9,
        "x = [\n",
        "<groupId>a</groupId>",
        "\\\n",
        "'\"",
        "--model ",
        "${a:-${b",
        "\0\xff",
    ],
)
def test_time_is_linear_in_the_input(path, piece):
    text = "model image .pt " + piece * (200_000 // len(piece))
    with ends():
        observe(path, text)


def test_recordings_and_logs_are_no_settings():
    assert models("src/__fixtures__/answer.json", '{"model": "gpt-4o"}') == set()
    assert models("answer.chunks.txt", '{"model": "gpt-4o"}\n') == set()


def test_what_only_tests_name_is_marked():
    (found,) = observe("tests/conf/a.yaml", "model: gpt-4o\n")
    assert found.attributes["scope"] == "development"


def test_a_catalogue_is_trusted_less():
    text = "".join(f"- model: gpt-4o-2024-01-{n:02}\n" for n in range(1, 32))
    assert {o.confidence.word for o in observe("prices.yaml", text)} == {"low"}


def datasets(path, text):
    return [o.name for o in observe(path, text) if o.thing is Thing.DATASET]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.yaml", "dataset_name: acme/chats\n", ["acme/chats"]),
        ("a.yaml", "datasets:\n  - path: tatsu-lab/alpaca\n    type: alpaca\n", ["tatsu-lab/alpaca"]),
        ("a.yaml", "dataset_mixture:\n  datasets:\n    - id: acme/chats\n", ["acme/chats"]),
        ("a.yaml", "dataset_mixer:\n  acme/chats: 0.5\n  acme/code: 0.5\n", ["acme/chats", "acme/code"]),
        ("a.json", '{"train_dataset": "acme/chats"}', ["acme/chats"]),
        ("a.yaml", "dataset_path: data/train\ndataset_type: acme/x\ndataset: text/plain\n", []),
        ("a.yaml", "output_dataset: acme/made\n", []),
    ],
)
def test_datasets_in_settings(path, text, expected):
    assert sorted(datasets(path, text)) == expected


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        # bodies of requests inside texts and commands
        ("a.sh", """curl https://x.example -d '{"model": "gpt-4o"}'\n""", {("gpt-4o", "openai")}),
        ("a.json", r'{"jsonBody": "={ \"model\": \"claude-haiku-4-5\" }"}', {("claude-haiku-4-5", "anthropic")}),
        ("a.json", """{"body": "JSON.stringify({ model: 'llama3:8b' })"}""", {("llama3:8b", "ollama")}),
        ("a.sh", """# curl -d '{"model": "gpt-4o"}'\n""", set()),
        # pairs of a name and a value
        ("a.json", '{"parameters": [{"name": "model", "value": "gpt-image-1"}]}', {("gpt-image-1", "openai")}),
        ("k.yaml", "env:\n  - name: EMBEDDING_MODEL\n    value: BAAI/bge-m3\n", {("BAAI/bge-m3", "huggingface")}),
        ("c.yaml", "services:\n  a:\n    environment:\n      - LLM_MODEL=gpt-4o\n", {("gpt-4o", "openai")}),
        ("c.yaml", "services:\n  a:\n    environment:\n      - LLM_MODEL=${LLM_MODEL:-gpt-4o}\n", {("gpt-4o", "openai")}),
        ("c.yaml", "services:\n  a:\n    environment:\n      LLM_MODEL: ${LLM_MODEL:-gpt-4o}\n", {("gpt-4o", "openai")}),
        # what a training run makes is not what it uses
        ("t.yaml", "model_name_or_path: google/gemma-7b\nhub_model_id: gemma-7b-tuned\n", {("google/gemma-7b", "huggingface")}),
        ("t.yaml", "output_model: acme/gemma-7b-tuned\npush_to_hub_model_id: acme/gemma-7b-tuned\n", set()),
        ("config.json", '{"_name_or_path": "openai/clip-vit-large-patch14"}', {("openai/clip-vit-large-patch14", "huggingface")}),
        # owners that are providers as well
        ("a.yaml", "model: mistralai/Mistral-7B-v0.1\n", {("mistralai/Mistral-7B-v0.1", "huggingface")}),
        ("a.yaml", "model: meta-llama/llama-3.1-70b-instruct:free\n", {("meta-llama/llama-3.1-70b-instruct:free", "openrouter")}),
        ("a.yaml", "model: text/plain\nmodels: [image/png]\n", set()),
    ],
)  # fmt: skip
def test_bodies_pairs_and_results(path, text, expected):
    assert models(path, text) == expected


def test_weights_and_servers_that_code_names_by_address():
    text = 'URL = "https://huggingface.co/acme/x/resolve/main/model.pth"\nrequests.post("https://api.openai.com/v1/responses")\n'
    found = {(o.thing, o.name) for o in observe("a.py", text)}
    assert found == {
        (Thing.MODEL_FILE, "https://huggingface.co/acme/x/resolve/main/model.pth"),
        (Thing.SERVICE, "openai"),
    }
    assert observe("a.py", "# https://api.openai.com/v1\n# https://x.example/model.pth\n") == []
    assert observe("a.py", 'x = "https://docs.example/openai"\n') == []
    assert observe("a.py", 'x = "https://files.example/setup.bin"\n') == []


def test_a_node_of_a_flow_with_another_server_is_not_the_protocols_provider():
    flow = '{"nodes": [{"type": "@n8n/n8n-nodes-langchain.lmChatOpenAi", "parameters": {"model": {"value": "deepseek-chat"}}}]}'
    assert models("flow.json", flow) == {("deepseek-chat", "deepseek")}
    flow = '{"nodes": [{"type": "@n8n/n8n-nodes-langchain.lmChatGoogleGemini", "parameters": {"modelName": "models/gemini-2.0-flash"}}]}'
    assert models("flow.json", flow) == {("gemini-2.0-flash", "google-genai")}


# -- variables -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("set_env.sh", 'export OLLAMA_MODEL="llama3.2"', {("llama3.2", "ollama")}),
        ("set_env.sh", "export LLM_MODEL_ID=${LLM_MODEL_ID:-Qwen/Qwen2.5-7B-Instruct}", {("Qwen/Qwen2.5-7B-Instruct", "huggingface")}),
        ("run.sh", 'model_name=${1:-"mistralai/Mixtral-8x7B-Instruct-v0.1"}', {("mistralai/Mixtral-8x7B-Instruct-v0.1", "huggingface")}),
        ("run.sh", 'model="gpt-4o-mini"; export model', {("gpt-4o-mini", "openai")}),
        ("run.sh", "# MODEL=gpt-4o", set()),
        ("run.sh", "#   ${MODEL:-gpt-4o}", set()),
        ("run.sh", "OUTPUT_MODEL=acme/my-tuned-7b", set()),
        ("run.sh", "DTYPE=${DTYPE:-float16/bfloat16}", set()),
        ("Dockerfile", "FROM python:3.12\nARG EMBEDDING_MODEL=BAAI/bge-small-en-v1.5\nENV LLM_MODEL=gpt-4o", {("BAAI/bge-small-en-v1.5", "huggingface"), ("gpt-4o", "openai")}),
        ("Makefile", "MODEL ?= claude-sonnet-4-5\nrun:\n\techo", {("claude-sonnet-4-5", "anthropic")}),
        ("application.properties", "spring.ai.openai.chat.options.model=gpt-4o\n# spring.ai.ollama.chat.options.model=qwen2.5:latest", {("gpt-4o", "openai")}),
        ("application.properties", "quarkus.langchain4j.ollama.chat-model.model-id = llama3.2:3b", {("llama3.2:3b", "ollama")}),
        ("application.properties", "logging.level.model=debug", set()),
    ],
)  # fmt: skip
def test_models_in_variables(path, text, expected):
    assert models(path, text) == expected


def test_services_of_springs_keys():
    text = "spring.ai.azure.openai.api-key=${KEY}\nspring.ai.vectorstore.pgvector.dimensions=3\nspring.ai.retry.max-attempts=2\n"
    assert set(names("application.properties", text, Thing.SERVICE)) == {"azure-openai", "pgvector"}


def test_models_that_a_server_loads_from_the_hub_are_the_hubs():
    assert models("c.yaml", "llm:\n  engine: vllm\n  model: meta-llama/Llama-3.1-8B-Instruct\n") == {
        ("meta-llama/Llama-3.1-8B-Instruct", "huggingface")
    }


def test_a_folder_with_the_name_of_an_owner_hides_no_model():
    text = "transcription_model: openai/whisper-large-v3-turbo\n"
    expected = {("openai/whisper-large-v3-turbo", "huggingface")}
    assert models("c.yaml", text, "src/server/openai/index.ts") == expected
    assert models("c.yaml", "model: runs/llama-7b\nother_model: acme/llama-7b\n", "acme/llama-7b/config.json") == set()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("python train.py --model_name_or_path huggyllama/llama-13b \\", {("huggyllama/llama-13b", "huggingface")}),
        ("accelerate launch t.py --pretrained_model_name_or_path=runwayml/stable-diffusion-v1-5", {("runwayml/stable-diffusion-v1-5", "huggingface")}),
        ("python e.py --judge-model gpt-4o", {("gpt-4o", "openai")}),
        ("python e.py --output_model acme/tuned-7b", set()),
    ],
)  # fmt: skip
def test_models_of_options(line, expected):
    assert models("run.sh", line) == expected


def test_datasets_of_options():
    assert names(
        "run.sh", "python t.py --dataset_name lambdalabs/pokemon-blip-captions --dataset data/x", Thing.DATASET
    ) == ["lambdalabs/pokemon-blip-captions"]


def test_a_stage_with_a_variable_in_its_name_is_no_image():
    text = "ARG DB=false\nFROM node:20 AS local_db_false\nFROM mongo:7 AS local_db_true\nFROM local_db_${DB} AS final\n"
    assert names("Dockerfile", text, Thing.CONTAINER) == ["node:20", "mongo:7"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("c.yaml", 'env:\n  MODELS: >\n    [\n      {"id": "zai-org/GLM-4.6", "name": "gpt-4", "description": "gpt-4o"},\n      {"id": "gpt-4o-mini"}\n    ]\n'),
        (".env", 'MODELS=`[\n  {"id": "zai-org/GLM-4.6"},\n  {"id": "gpt-4o-mini", "name": "gpt-4"}\n]`\nOTHER="gpt-4"\n'),
        (".env", 'MODELS=["zai-org/GLM-4.6", "gpt-4o-mini"]\nTHEMES=["gpt-4"]\n'),
        ("c.yaml", "models: '[\"zai-org/GLM-4.6\", \"gpt-4o-mini\"]'\nmodel_config: '{\"id\": \"gpt-4\"}'\n"),
        ("c.yaml", 'available_models: |\n  [{"name": "zai-org/GLM-4.6"}, {"name": "gpt-4o-mini"}]\n'),
    ],
)  # fmt: skip
def test_models_in_json_in_a_value(path, text):
    assert {n for n, _ in models(path, text)} == {"zai-org/GLM-4.6", "gpt-4o-mini"}


def test_a_model_in_json_in_a_value_is_found_at_its_place():
    (found,) = [
        o
        for o in observe("c.yaml", 'a:\n  MODELS: |\n    [\n      {"id": "gpt-4o"}\n    ]\n')
        if o.thing is Thing.MODEL
    ]
    assert (found.location.line, found.location.column) == (4, 15)


def test_models_listed_by_provider():
    text = '{"available_models": {"openai": ["gpt-4o"], "groq": ["llama3-groq-70b-8192-tool-use-preview"], "notes": ["gpt-4"]}}'
    assert models("c.json", text) == {("gpt-4o", "openai"), ("llama3-groq-70b-8192-tool-use-preview", "groq")}


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("models/Deepseek-8k", "FROM deepseek-r1:7b\nPARAMETER num_ctx 8096", {("deepseek-r1:7b", "ollama")}),
        ("models/Mario", "# mine\nFROM llama3.2\nSYSTEM You are Mario.\n", {("llama3.2", "ollama")}),
        ("build/Image", "FROM python:3.12\nRUN pip install x\n", set()),
        ("notes", "From: me\nPARAMETER\n", set()),
    ],
)
def test_modelfiles_by_content(path, text, expected):
    assert models(path, text) == expected


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("k8s.yaml", "kind: Pod\nspec:\n  containers:\n  - args:\n    - --model\n    - BAAI/bge-m3\n", {("BAAI/bge-m3", "huggingface")}),
        ("k8s.yaml", 'kind: Pod\nspec:\n  containers:\n  - args:\n      - "--model-id"\n      - "BAAI/bge-m3"\n', {("BAAI/bge-m3", "huggingface")}),
        ("isvc.yaml", "spec:\n  predictor:\n    model:\n      storageUri: hf://BAAI/bge-m3\n", {("BAAI/bge-m3", "huggingface")}),
        ("values.yaml", "modelSpec:\n- name: x\n  modelURL: BAAI/bge-m3\n", {("BAAI/bge-m3", "huggingface")}),
        ("compose.yml", 'services:\n  a:\n    image: x\n    command: ["vllm", "serve", "BAAI/bge-m3"]\n', {("BAAI/bge-m3", "huggingface")}),
        ("compose.yml", 'services:\n  a:\n    image: x\n    command: ["ollama", "pull", "llama3.1:8b"]\n', {("llama3.1:8b", "ollama")}),
        ("compose.yml", "services:\n  a:\n    environment:\n      - OLLAMA_MODELS_TO_PULL=llama3.1:8b,nomic-embed-text\n", {("llama3.1:8b", "ollama"), ("nomic-embed-text", "ollama")}),
        ("compose.yml", "services:\n  a:\n    environment:\n      LLAMA_ARG_HF_REPO: BAAI/bge-m3\n", {("BAAI/bge-m3", "huggingface")}),
        (".env", "OPENAI_MODELS=gpt-4o, gpt-4o-mini\nTHEMES=gpt-4,gpt-5\n", {("gpt-4o", "openai"), ("gpt-4o-mini", "openai")}),
        ("Dockerfile", "FROM python\nENV MODEL_NAME BAAI/bge-m3\n", {("BAAI/bge-m3", "huggingface")}),
        ("config.json", '{"llm": {"provider": "ollama", "name": "mistral"}}', {("mistral", "ollama")}),
        ("config.json", '{"llm": {"provider": "ollama", "name": "default"}}', set()),
        ("main.tf", 'variable "model_id" {\n  default = "anthropic.claude-v2"\n}\n', {("anthropic.claude-v2", "aws-bedrock")}),
        ("main.tf", 'foundation_model = "anthropic.claude-v2"\n', {("anthropic.claude-v2", "aws-bedrock")}),
        ("main.bicep", "param chatModel string = 'gpt-4o'\n", {("gpt-4o", "openai")}),
        ("a.ps1", '$env:OPENAI_MODEL = "gpt-4o"\n', {("gpt-4o", "openai")}),
        ("run.bat", "set OPENAI_MODEL=gpt-4o\r\n", {("gpt-4o", "openai")}),
        ("app.ini", "[llm]\nmodel = gpt-4o\n# model = gpt-4\n; model = gpt-4\n", {("gpt-4o", "openai")}),
        ("c.yaml", "rate_limit_model: 30/second\n", set()),
    ],
)  # fmt: skip
def test_models_of_deployments(path, text, expected):
    assert models(path, text) == expected


def test_mcp_servers_of_springs_keys():
    text = (
        "spring.ai.mcp.client.stdio.connections.brave-search.command=npx\n"
        "spring.ai.mcp.client.stdio.connections.brave-search.args=-y,@modelcontextprotocol/server-brave-search\n"
        "spring.ai.mcp.client.sse.connections.weather.url=http://localhost:8090/sse?key=x\nspring.ai.mcp.client.toolcallback.enabled=true\n"
    )
    found = {o.name: o.attributes for o in observe("application.properties", text) if o.thing is Thing.MCP_SERVER}
    assert set(found) == {"brave-search", "weather"}
    assert (found["brave-search"]["command"], found["weather"]["url"]) == ("npx", "http://localhost:8090/sse")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".env", 'MODELS=["' * 20_000),
        (".env", "MODELS=`[" + '{"id": "' * 20_000),
        ("run.sh", "--model -" * 30_000),
        ("run.sh", "${MODEL:-" * 30_000),
        ("c.yaml", "models: '" + "[{" * 30_000 + "'"),
        ("pom.xml", "<dependencyManagement>" * 100_000),
        ("pom.xml", "<dependencyManagement></dependencyManagement>" * 50_000),
        ("libs.versions.toml", "module = " * 30_000),
        ("a.csproj", "<PackageReference " * 30_000),
        ("app.properties", "spring.ai." * 30_000 + "=x"),
    ],
)
def test_it_ends(path, text):
    with ends():
        observe(path, text)
