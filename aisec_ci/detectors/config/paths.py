"""Whether a path or pattern reaches further than a project."""

from __future__ import annotations

import re

from aisec_ci.detectors.config.regex import compiled

OWN_SETTINGS = "the agents' own settings"
"""What is said of a client's folder below the home folder: with its login, and the rules that bind the agent."""

_HOME = r"(?:~|\$HOME|\$\{HOME\}|\$\{env:HOME\}|\$\{localEnv:HOME\}|\$\{userHome\}|%USERPROFILE%|\$env:USERPROFILE|\{env:HOME\})"
_ANY = r"(?:/?\*{0,2}(?:/\*{1,2})?|/)"
_ROOT = compiled(r"(?:/|/\*{1,2}(?:/\*{1,2})?|[A-Za-z]:[\\/]*\*{0,2}|/mnt/c/?|/host/?|\*\*/\*\*)")
_HOME_ITSELF = compiled(rf"{_HOME}[\\/]?{_ANY}", re.IGNORECASE)
_HOMES = compiled(rf"(?:/(?:home|Users|root)|[A-Za-z]:[\\/]+Users){_ANY}|/(?:home|Users)/[^/*]+{_ANY}", re.IGNORECASE)
_SYSTEM = compiled(rf"/(?:etc|var|usr|opt|proc|sys|dev|boot|bin|sbin|lib){_ANY}")
_CLIENT = compiled(rf"{_HOME}/\.(?:claude|codex|gemini|cursor|config)(?:/?\*{{0,2}}|/)")
_SECRETS = (
    (compiled(r"(?:^|[/\\])\.ssh(?:[/\\]|$)"), "SSH keys"),
    (compiled(r"(?:^|[/\\])\.aws(?:[/\\]|$)"), "AWS credentials"),
    (compiled(r"(?:^|[/\\])\.(?:gnupg|password-store)(?:[/\\]|$)"), "private keys"),
    (compiled(r"(?:^|[/\\])\.(?:kube|docker)[/\\]config"), "cluster or registry credentials"),
    (compiled(r"(?:^|[/\\])\.config[/\\](?:gcloud|gh)(?:[/\\]|$)"), "cloud credentials"),
    (compiled(r"(?:^|[/\\])\.(?:netrc|pgpass|npmrc|pypirc|git-credentials)$"), "stored passwords"),
    (
        compiled(r"(?:^|[/\\*])\.env(?:[-.]?\*|\.local|\.production|\.prod|\.secret|\.secrets)?$"),
        "environment files with secrets",
    ),
    (compiled(r"(?:^|[/\\])id_(?:rsa|ed25519|ecdsa)$"), "SSH keys"),
    (compiled(r"^/etc/(?:shadow|sudoers)"), "system passwords"),
)


def broad_path(path: str) -> str:
    """Return in words what a path or pattern covers where that is more than a project; empty where it is not."""
    path = path.strip().strip("\"'")
    if _ROOT.fullmatch(path):
        return "the whole file system"
    if _HOME_ITSELF.fullmatch(path):
        return "the whole home folder"
    if _HOMES.fullmatch(path):
        return "home folders"
    if _SYSTEM.fullmatch(path):
        return "system files"
    if _CLIENT.fullmatch(path):
        return OWN_SETTINGS
    return ""


def secret_path(path: str) -> str:
    """Return in words which secrets a path or pattern names; empty where it names none."""
    path = path.strip().strip("\"'")
    for pattern, words in _SECRETS:
        if pattern.search(path[:1000]):
            return words
    return ""
