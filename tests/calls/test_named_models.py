"""Models that calls name by their own name, and hubs other than Hugging Face's."""

from __future__ import annotations

import subprocess

import pytest

from aisec_ci.cli.run import Request, perform
from aisec_ci.model import Thing


@pytest.fixture
def seen(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)

    def scan(text, thing=Thing.MODEL):
        (tmp_path / "app.py").write_text(text, encoding="utf-8")
        result = perform(Request(paths=(".",), engines="fast", inventory=True, isolated=True, quiet=True)).result
        return {(o.name, o.attributes.get("hub", "")) for o in result.observations if o.thing is thing}

    return scan


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from torchvision import models\nm = models.resnet18(pretrained=True)\n", ("resnet18", "torchvision")),
        ("from torchvision.models import resnet50, ResNet50_Weights\nm = resnet50(weights=ResNet50_Weights.DEFAULT)\n", ("resnet50", "torchvision")),
        ("import torchvision\nm = torchvision.models.detection.maskrcnn_resnet50_fpn(weights='DEFAULT')\n", ("maskrcnn_resnet50_fpn", "torchvision")),
        ("import tensorflow as tf\nm = tf.keras.applications.MobileNetV2(weights='imagenet')\n", ("MobileNetV2", "keras")),
        ("from keras.applications import VGG16\nm = VGG16(include_top=False)\n", ("VGG16", "keras")),
        ("import tensorflow_hub as hub\nm = hub.load('https://tfhub.dev/google/universal-sentence-encoder/4')\n", ("google/universal-sentence-encoder/4", "tfhub")),
        ("import open_clip\nm = open_clip.create_model_and_transforms('ViT-B-32', pretrained='laion2b_s34b_b79k')\n", ("ViT-B-32", "open-clip")),
        ("import open_clip\nm = open_clip.create_model('hf-hub:laion/CLIP-ViT-B-32-laion2B-s34B-b79K')\n", ("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "huggingface")),
        ("import clip\nm = clip.load('ViT-B/32')\n", ("ViT-B/32", "openai-clip")),
        ("from keybert import KeyBERT\nm = KeyBERT('all-MiniLM-L6-v2')\n", ("sentence-transformers/all-MiniLM-L6-v2", "huggingface")),
        ("from flair.models import SequenceTagger\nm = SequenceTagger.load('flair/ner-english-large')\n", ("flair/ner-english-large", "huggingface")),
        ("from TTS.api import TTS\nm = TTS('tts_models/multilingual/multi-dataset/xtts_v2')\n", ("tts_models/multilingual/multi-dataset/xtts_v2", "coqui")),
        ("import gensim.downloader as api\nm = api.load('glove-wiki-gigaword-50')\n", ("glove-wiki-gigaword-50", "gensim")),
    ],
)  # fmt: skip
def test_models(seen, text, expected):
    assert seen(text) == {expected}


@pytest.mark.parametrize(
    "text",
    [
        "from torchvision import models\nm = models.resnet18()\n",
        "from torchvision import models\nm = models.resnet18(pretrained=False)\n",
        "from torchvision import models\nm = models.resnet18(weights=None)\n",
        "from keras.applications import ResNet50\nm = ResNet50(weights=None)\n",
        "from mine import resnet18\nimport torchvision\nm = resnet18(pretrained=True)\n",
        "import tensorflow_hub as hub\nm = hub.load('/models/use/4')\n",
        "import open_clip\nm = open_clip.create_model('ViT-B-32')\n",
        "from TTS.api import TTS\nm = TTS(model_path='out/model.pth')\n",
    ],
)
def test_no_model(seen, text):
    assert seen(text) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import tensorflow_datasets as tfds\nd = tfds.load('mnist')\n", ("mnist", "tfds")),
        ("from torchvision import datasets\nd = datasets.CIFAR10('data', download=True)\n", ("CIFAR10", "torchvision")),
        ("import tensorflow as tf\nd = tf.keras.datasets.imdb.load_data()\n", ("imdb", "keras")),
        ("from keras.datasets import fashion_mnist\nd = fashion_mnist.load_data()\n", ("fashion_mnist", "keras")),
        (
            "from sklearn.datasets import fetch_20newsgroups\nd = fetch_20newsgroups()\n",
            ("20newsgroups", "scikit-learn"),
        ),
        ("from sklearn.datasets import load_iris\nd = load_iris()\n", ("iris", "scikit-learn")),
        ("from sklearn.datasets import fetch_openml\nd = fetch_openml('titanic')\n", ("titanic", "openml")),
    ],
)
def test_datasets(seen, text, expected):
    assert seen(text, Thing.DATASET) == {expected}
