"""Makes what the two example applications need and what does not belong in a repository: model files and a key.

    python3 examples/make_models.py

In `support-agent/` it writes a pickle that calls a harmless function when it is loaded (`os.getcwd`, where an attacker
would write `os.system`), and a `.env` with a random text in the form of an OpenAI key. In `support-agent-fixed/` it
writes the same weights as safetensors. Nothing is loaded or run; only the standard library is needed.
"""

from __future__ import annotations

import json
import pickle
import random
import string
import struct
from pathlib import Path

HERE = Path(__file__).parent


class Intent:
    """Stands for a trained model; unpickling it calls a function, as every reduce does."""

    def __reduce__(self) -> tuple[object, tuple[()]]:
        import os

        return os.getcwd, ()


def key() -> str:
    """Return random text in the form of an OpenAI project key. It was never issued and opens nothing."""
    letters = string.ascii_letters + string.digits
    half = ["".join(random.choices(letters, k=74)) for _ in range(2)]
    return "sk-" + "proj-" + ("T3Blbk" + "FJ").join(half)


def safetensors(weights: list[float]) -> bytes:
    """Return a safetensors file with one tensor: header length, JSON header, raw little-endian floats."""
    data = struct.pack(f"<{len(weights)}f", *weights)
    header = {"intent.weight": {"dtype": "F32", "shape": [len(weights)], "data_offsets": [0, len(data)]}}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def main() -> None:
    """Write the files."""
    for name in ("support-agent", "support-agent-fixed"):
        (HERE / name / "models").mkdir(exist_ok=True)
    (HERE / "support-agent" / "models" / "intent.pkl").write_bytes(pickle.dumps(Intent(), protocol=4))
    (HERE / "support-agent" / ".env").write_text(f"OPENAI_API_KEY={key()}\nLOG_LEVEL=info\n", encoding="utf-8")
    (HERE / "support-agent-fixed" / "models" / "intent.safetensors").write_bytes(safetensors([0.25, -0.5, 0.75, 1.0]))


if __name__ == "__main__":
    main()
