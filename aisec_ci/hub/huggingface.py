"""The Hugging Face hub, by way of huggingface-hub (extra `hub`).

The endpoint is HF_ENDPOINT, the token HF_TOKEN or the one that `hf auth login` saved; the token goes to the endpoint and
nowhere else, and never into a message.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING, Any

from aisec_ci.errors import UsageError
from aisec_ci.hub.interface import Hub, HubError, HubFacts, HubUnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT = 10.0
"""Seconds for one answer."""

RETRIES = 2
"""Further attempts after a timeout or an answer of 429 or 5xx."""

_BLOB = re.compile(r"[0-9a-f]{40}")

PAUSE = 1.0
"""Seconds before the first further attempt; doubled for each that follows."""


def client(timeout: float = TIMEOUT, pause: float = PAUSE) -> Hub:
    """Return a client. Raises UsageError where huggingface-hub is not installed, or told to stay offline."""
    # Without this the library asks the hub for a list of agent harnesses before its first real question, and reports
    # who calls in the user agent. It reads the variable when it is imported.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import huggingface_hub.constants  # noqa: PLC0415 - only `--online` needs it
    except ImportError:
        raise UsageError("`--online` needs huggingface-hub", 'install it with `pip install "aisec-ci[hub]"`') from None
    if huggingface_hub.constants.HF_HUB_OFFLINE:
        raise UsageError(
            "`--online` was asked for, but HF_HUB_OFFLINE forbids it", "unset HF_HUB_OFFLINE, or leave `--online` out"
        )
    return _HuggingFace(huggingface_hub.HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None), timeout, pause)


def endpoint() -> str:
    """Return the address that is asked."""
    return os.environ.get("HF_ENDPOINT") or "https://huggingface.co"


class _HuggingFace:
    def __init__(self, api: Any, timeout: float, pause: float) -> None:
        self._api = api
        self._timeout = timeout
        self._pause = pause

    def model(self, name: str, revision: str) -> HubFacts:
        return _facts(
            name,
            self._ask(
                name,
                revision,
                lambda: self._api.model_info(
                    name, revision=revision or None, timeout=self._timeout, files_metadata=True, securityStatus=True
                ),
            ),
        )

    def dataset(self, name: str, revision: str) -> HubFacts:
        return _facts(
            name,
            self._ask(
                name,
                revision,
                lambda: self._api.dataset_info(
                    name, revision=revision or None, timeout=self._timeout, files_metadata=True
                ),
            ),
        )

    def _ask(self, name: str, revision: str, question: Callable[[], Any]) -> Any:
        from huggingface_hub import errors  # noqa: PLC0415 - as above

        host = self._api.endpoint.split("://", 1)[-1].rsplit("@", 1)[-1].split("/", 1)[0]
        for attempt in range(RETRIES + 1):
            try:
                return question()
            except errors.GatedRepoError:
                raise HubError(f"{name}: gated on {host}; accept its terms there and set HF_TOKEN") from None
            except errors.RevisionNotFoundError:
                raise HubError(f"{name}: {host} has no revision `{revision}`") from None
            except errors.RepositoryNotFoundError:
                raise HubError(f"{name}: not on {host}, or private and HF_TOKEN gives no access") from None
            except errors.HFValidationError:
                raise HubError(f"{name}: not a name that {host} can have") from None
            except errors.HfHubHTTPError as error:
                status = error.response.status_code
                if status not in (429, 500, 502, 503, 504) or attempt == RETRIES:
                    raise HubError(f"{name}: {_said(host, status)}") from None
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise HubError(f"{name}: the answer of {host} is not understood ({type(error).__name__})") from None
            except Exception as error:  # the library does not say which HTTP client's errors it passes on
                if not _is_transport(error):
                    raise
                if "Timeout" not in type(error).__name__ or attempt == RETRIES:
                    reason = "no answer in time" if "Timeout" in type(error).__name__ else "no connection"
                    raise HubUnreachableError(f"{host}: {reason}; check the network, proxy and HF_ENDPOINT") from None
            time.sleep(self._pause * 2**attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")


def _said(host: str, status: int) -> str:
    if status == 401:
        return f"{host} refused the credentials (401); check HF_TOKEN"
    if status == 403:
        return f"{host} denied access (403); check what HF_TOKEN may read"
    return f"{host} answered {status}"


def _is_transport(error: Exception) -> bool:
    return any(
        c.__name__ in ("TransportError", "OSError", "RequestException", "HTTPError") for c in type(error).__mro__
    )


def _facts(name: str, info: Any) -> HubFacts:
    card = info.card_data.to_dict() if getattr(info, "card_data", None) else {}
    config = info.config if isinstance(getattr(info, "config", None), dict) else {}
    architectures = _texts(config.get("architectures"))
    safetensors = getattr(info, "safetensors", None)
    scan, issues = _scan(getattr(info, "security_repo_status", None))
    licence = card.get("license_name") if card.get("license") == "other" else card.get("license")
    return HubFacts(
        name=str(info.id or name),
        commit=str(info.sha or ""),
        license=str(licence) if isinstance(licence, str) else "",
        base_models=_texts(card.get("base_model")),
        datasets=_texts(card.get("datasets")),
        task=str(getattr(info, "pipeline_tag", None) or ""),
        library=str(getattr(info, "library_name", None) or ""),
        architecture=architectures[0] if architectures else "",
        family=str(config.get("model_type") or ""),
        languages=_texts(card.get("language")),
        parameters=int(getattr(safetensors, "total", 0) or 0),
        gated=info.gated if isinstance(info.gated, str) else "",
        private=bool(info.private),
        files={s.rfilename: s.lfs.sha256 for s in info.siblings or () if s.lfs and s.lfs.sha256},
        blobs={
            s.rfilename: f"git:{s.blob_id}"
            for s in info.siblings or ()
            if not s.lfs and isinstance(s.blob_id, str) and _BLOB.fullmatch(s.blob_id)
        },
        scan=scan,
        scan_issues=issues,
    )


def _scan(status: object) -> tuple[str, tuple[str, ...]]:
    if not isinstance(status, dict):
        return "", ()
    found = status.get("filesWithIssues")
    issues = (
        tuple(f"{i.get('level')}: {i.get('path')}" for i in found if isinstance(i, dict))
        if isinstance(found, list)
        else ()
    )
    if issues:
        return "issues", issues
    return ("clean" if status.get("scansDone") else "pending"), ()


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(v for v in value if isinstance(v, str) and v) if isinstance(value, (list, tuple)) else ()
