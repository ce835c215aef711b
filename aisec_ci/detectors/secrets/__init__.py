"""Keys of AI providers and of the services that agents use: `rules/secrets/`."""

from __future__ import annotations

from aisec_ci.detectors.interface import Context, Detector


def create(context: Context) -> Detector:
    """Return the detector for one run."""
    from aisec_ci.detectors.secrets.detector import SecretsDetector  # noqa: PLC0415

    return SecretsDetector(context)
