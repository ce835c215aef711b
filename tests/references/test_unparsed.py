from __future__ import annotations

import pytest

from aisec_ci.detectors.references.unparsed import model_of_constant
from aisec_ci.model import Confidence, Thing
from tests.hang import ends
from tests.references.test_references import models, names, observe


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        ("a.go", 'llm, err := openai.New(openai.WithModel("gpt-4o"))', {("gpt-4o", "openai")}),
        ("a.go", 'llm, err := ollama.New(ollama.WithModel("llama2:13b"))', {("llama2:13b", "ollama")}),
        ("a.go", 'model := flag.String("model", "gpt-4o-mini", "which ollama model")', {("gpt-4o-mini", "openai")}),
        ("a.go", 'const DefaultOllamaModel = "qwen2.5:7b"', {("qwen2.5:7b", "ollama")}),
        ("a.go", 'embs, err := openai.Embeddings("mistral-embed", texts)', {("mistral-embed", "mistral")}),
        ("a.go", 'models := []string{"gpt-4o", "claude-3-5-haiku-latest"} // openai', {("gpt-4o", "openai"), ("claude-3-5-haiku-latest", "anthropic")}),
        ("A.java", 'OpenAiChatModel.builder().modelName("gpt-4o-mini").build();', {("gpt-4o-mini", "openai")}),
        ("A.java", 'AzureOpenAiChatModel.builder().deploymentName("gpt-4o").build();', {("gpt-4o", "azure-openai")}),
        ("A.java", "OpenAiChatModel.builder().modelName(OpenAiChatModelName.GPT_4_O_MINI)", {("gpt-4o-mini", "openai")}),
        ("a.go", "req := openai.ChatCompletionRequest{Model: openai.GPT3Dot5Turbo}", {("gpt-3.5-turbo", "openai")}),
        ("a.go", "Model: anthropic.ModelClaude3_7SonnetLatest,", {("claude-3-7-sonnet-latest", "anthropic")}),
        ("a.kt", 'val model = System.getenv("OPENAI_MODEL") ?: "gpt-4o"', {("gpt-4o", "openai")}),
        ("A.cs", 'var client = new OpenAIClient(key).GetChatClient("gpt-4o-mini");', {("gpt-4o-mini", "openai")}),
        ("A.cs", 'builder.AddOllamaChatCompletion("phi3:mini", uri);', {("phi3:mini", "ollama")}),
        ("a.rs", '.model("claude-sonnet-4-20250514") // anthropic', {("claude-sonnet-4-20250514", "anthropic")}),
        ("a.rb", "client = OpenAI::Client.new; client.chat(parameters: { model: 'gpt-4o' })", {("gpt-4o", "openai")}),
        ("a.rb", '"model" => "gpt-4o", # openai', {("gpt-4o", "openai")}),
        ("a.php", "$openai->chat()->create(['model' => 'gpt-4o-mini'])", {("gpt-4o-mini", "openai")}),
        ("a.swift", 'let query = ChatQuery(openAI, model: "gpt-4o")', {("gpt-4o", "openai")}),
        ("a.dart", "final model = GenerativeModel(model: 'gemini-1.5-flash');", {("gemini-1.5-flash", "google-genai")}),
        ("src/main/java/ChatTest.java", 'openai.modelName("gpt-4o")', {("gpt-4o", "openai")}),
        ("A.java", 'static final String LLAMA_3_1 = "llama3.1"; // ollama', {("llama3.1", "")}),
        ("A.java", 'import org.springframework.ai.vertexai.X;\nvar m = builder().modelName("gemini-pro");', {("gemini-pro", "vertex-ai")}),
        ("a.rs", 'let repo_id = "TinyLlama/TinyLlama-1.1B-Chat-v1.0"; // llm', {("TinyLlama/TinyLlama-1.1B-Chat-v1.0", "huggingface")}),
    ],
)  # fmt: skip
def test_a_model_in_a_place_for_one(path, line, expected):
    assert models(path, line) == expected


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.go", '// openai: "gpt-4o" is not usable'),
        ("a.go", 'client.Do() // model: "gpt-4o", openai'),
        ("a.go", 'if model == "gpt-4o" { return openai }'),
        ("a.go", 'if strings.HasPrefix(model, "gpt-4o") { openai.X() }'),
        ("a.go", 'case "gpt-4o", "gpt-4o-mini": // openai'),
        ("a.go", '"gpt-4o": 128000, // openai'),
        ("a.kt", '"gpt-4o" to 128000, // openai'),
        ("A.cs", '{"gpt-4o", 128000}, // openai'),
        ("A.cs", '["gpt-4o"] = 128000, // openai'),
        ("A.java", 'assertEquals("gpt-4o", openai.model());'),
        ("A.java", 'logger.info("gpt-4o"); // openai'),
        ("src/test/java/A.java", 'openai.model("gpt-4o")'),
        ("a_test.go", 'openai.WithModel("gpt-4o")'),
        ("OpenAiTests.cs", 'openai.WithModel("gpt-4o")'),
        ("a.go", 'openai.WithModel("your-model-name")'),
        ("a.go", 'import "github.com/openai/openai-go/v2"'),
        ("a.go", 'mime := "application/vnd.api-2" // openai'),
        ("a.go", 'outputModel := "acme/my-tuned-7b" // openai'),
        ("a.go", 'x := "some-thing/else-2" // openai'),
        ("A.java", 'spring.model("small"); // openai'),
    ],
)
def test_no_model(path, line):
    assert models(path, line) == set()


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.go", 'import (\n\t"context"\n\topenai "github.com/sashabaranov/go-openai"\n)', {"openai"}),
        ("a.go", 'import "github.com/tmc/langchaingo/llms/ollama"', {"ollama"}),
        ("A.java", "import dev.langchain4j.model.anthropic.AnthropicChatModel;\nimport io.qdrant.client.QdrantClient;", {"anthropic", "qdrant"}),
        ("A.cs", "using OpenAI.Chat;\nglobal using Azure.AI.OpenAI;\nusing Microsoft.SemanticKernel.Connectors.Qdrant;", {"openai", "azure-openai", "qdrant"}),
        ("a.rs", "use async_openai::types::X;\nuse qdrant_client::Qdrant;", {"openai", "qdrant"}),
        ("a.rb", "require 'openai'", {"openai"}),
        ("a.dart", "import 'package:google_generative_ai/google_generative_ai.dart';", {"google-genai"}),
        ("a.php", "use OpenAI\\Client;", {"openai"}),
        ("a.swift", "import OpenAI", {"openai"}),
        ("A.cs", "using OpenAISample.Data;\nusing MyCompany;", set()),
        ("a.go", 'import "github.com/acme/openai-thing"', set()),
    ],
)  # fmt: skip
def test_services_by_import(path, text, expected):
    assert set(names(path, text, Thing.SERVICE)) == expected


def test_a_name_that_only_one_provider_gives_counts_for_less_without_words_before_it():
    (seen,) = observe("A.java", '// openai\nvar x = List.of(\n    key,\n    "gpt-4o");')
    assert (seen.name, seen.confidence, seen.location.line) == ("gpt-4o", Confidence.LOW, 4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GPT_4_O_MINI", "gpt-4o-mini"),
        ("GPT_4_1_NANO", "gpt-4.1-nano"),
        ("GPT4oMini", "gpt-4o-mini"),
        ("ChatModelGPT4o", "gpt-4o"),
        ("CLAUDE_3_5_SONNET_LATEST", "claude-3-5-sonnet-latest"),
        ("ModelClaudeSonnet4_20250514", "claude-sonnet-4-20250514"),
        ("GEMINI_2_0_FLASH", "gemini-2.0-flash"),
        ("O3_MINI", "o3-mini"),
        ("GPT", ""),
    ],
)
def test_constants_of_sdks(name, expected):
    assert model_of_constant(name) == expected


@pytest.mark.parametrize(
    "text", ['openai "' + "a-" * 50_000, "openai\n" + 'x == ( ( "gpt-4o" ' * 20_000, "import " * 50_000 + "openai"]
)
def test_it_ends(text):
    with ends():
        observe("a.go", text)
