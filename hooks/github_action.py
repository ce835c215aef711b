"""The scan step of `action.yml`: `python -I -m aisec_ci._hooks.github_action`.

Everything comes in by environment variables (`INPUT_…`, and what the runner sets) and goes out through the files that
the runner names, so that no text of a workflow or of the scanned tree is ever part of a shell command. The step itself
succeeds whatever the scan says: reports are uploaded first, and the last step of the action exits with `exit-code`.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

SUMMARY_LIMIT = 1_000_000
"""Bytes. GitHub takes 1 MiB for a step's summary and drops what is longer."""
OUTCOMES = {0: "passed", 1: "failed", 3: "incomplete"}
SEVERITIES = ("critical", "high", "medium", "low", "note")


def main(environment: Mapping[str, str]) -> int:
    """Scan, hand over the reports, return 0; 2 where an input cannot be understood."""
    try:
        inputs = Inputs(environment)
    except ValueError as error:
        print(f"::error title=aisec-ci::{escape(str(error))}", flush=True)  # noqa: T201 - how a step speaks to the runner
        hand_over(environment, {"exit-code": "2", "outcome": "error", "upload": "false"})
        return 0
    with TemporaryDirectory(prefix="aisec-action-") as name:
        folder = Path(name)
        command = inputs.command(folder)
        code = run_quoted(command)
        if inputs.flag("annotations"):
            echo(folder / "annotations.txt")
        if inputs.flag("summary"):
            append_summary(environment, folder / "summary.md")
        outputs = inputs.outputs(folder / "report.json")
        code = bom_views(inputs, outputs["bom-file"], folder) or code
        if inputs.text("dtrack-url"):
            code = upload(inputs, outputs["bom-file"]) or code
        hand_over(environment, {**outputs, "exit-code": str(code), "outcome": OUTCOMES.get(code, "error")})
    return 0


class Inputs:
    """The inputs of the action. Raises ValueError for one that cannot be understood."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        for name in ("upload-sarif", "summary", "annotations", "dtrack-latest", "online", "bom-diff"):
            self.flag(name)
        try:
            self.args = shlex.split(self.text("args"))
        except ValueError as error:
            raise ValueError(f"input `args`: {error}") from None

    def text(self, name: str) -> str:
        """Return an input without white space around it."""
        return self.environment.get(f"INPUT_{name.replace('-', '_').upper()}", "").strip()

    def flag(self, name: str) -> bool:
        """Return a boolean input."""
        value = self.text(name).lower() or "false"
        if value not in ("true", "false"):
            raise ValueError(f"input `{name}` must be true or false, not `{value}`")
        return value == "true"

    def command(self, folder: Path) -> list[str]:
        """Return the command line of the scan; reports that only this step reads go to `folder`."""
        words = [sys.executable, "-I", "-m", "aisec_ci", "scan", "--color", "never"]
        words += [f"--report=json={folder / 'report.json'}"]
        words += [f"--report=github={folder / 'annotations.txt'}"] if self.flag("annotations") else []
        words += [f"--report=markdown={folder / 'summary.md'}"] if self.flag("summary") else []
        words += [f"--report=sarif={self.text('sarif-file')}"] if self.text("sarif-file") else []
        words += [f"--bom={self.text('bom-file')}"] if self.text("bom-file") else []
        words += ["--online"] if self.flag("online") else []
        for name in ("config", "fail-on", "since"):
            words += [f"--{name}={self.text(name)}"] if self.text(name) else []
        base = self.environment.get("BASE_SHA", "").strip()
        if base and not self.text("config"):
            words += self.policy(base)
        paths = [line.strip() for line in self.text("paths").splitlines() if line.strip()]
        return [*words, *self.args, "--", *(paths or ["."])]

    def policy(self, base: str) -> list[str]:
        """Return the options that make a pull request be judged by the policy of the commit it is based on."""
        if has_commit(base):
            return [f"--policy-from={base}"]
        message = (
            "the commit that this pull request is based on cannot be fetched, so its own configuration is used; "
            "with `fetch-depth: 0` at actions/checkout the configuration of the base holds"
        )
        print(f"::warning title=aisec-ci::{escape(message)}", flush=True)  # noqa: T201
        return []

    def outputs(self, report: Path) -> dict[str, str]:
        """Return the outputs of the step but its verdict."""
        out = counts(report)
        for name in ("sarif-file", "bom-file"):
            path = self.text(name)
            out[name] = path if path and Path(path).is_file() else ""
        out["upload"] = "true" if out["sarif-file"] and self.flag("upload-sarif") and not self.from_fork() else "false"
        return out

    def diff_command(self, bom: str, folder: Path) -> list[str]:
        """Return the command line of the comparison with the base of a pull request; empty where there is none to make."""
        base = self.environment.get("BASE_SHA", "").strip()
        alarms = [a for a in self.text("bom-fail-on").replace(",", " ").split() if a]
        if not base or not (self.flag("bom-diff") or alarms) or not has_commit(base):
            return []
        words = [sys.executable, "-I", "-m", "aisec_ci", "bom", "diff", base, bom]
        words += ["--format=markdown", f"--output={folder / 'diff.md'}"]
        return [*words, *(f"--fail-on={alarm}" for alarm in alarms)]

    def upload_command(self, bom: str) -> list[str]:
        """Return the command line of the upload; the key stays in its variable."""
        words = [sys.executable, "-I", "-m", "aisec_ci", "bom", "upload", "--wait"]
        words += [f"--url={self.text('dtrack-url')}", "--api-key-env=INPUT_DTRACK_API_KEY"]
        for name in ("project", "version", "parent", "tags"):
            words += [f"--{name}={self.text(f'dtrack-{name}')}"] if self.text(f"dtrack-{name}") else []
        return [*words, *(["--latest"] if self.flag("dtrack-latest") else []), "--", bom]

    def from_fork(self, target: str = "code scanning") -> bool:
        """Say whether the run is for a pull request of a fork, whose token may not upload; if so, tell."""
        head, here = self.environment.get("HEAD_REPOSITORY", ""), self.environment.get("GITHUB_REPOSITORY", "")
        if not head or head == here:
            return False
        message = f"a pull request from a fork may not upload to {target}; see the annotations and the summary"
        print(f"::notice title=aisec-ci::{escape(message)}", flush=True)  # noqa: T201
        return True


def bom_views(inputs: Inputs, bom: str, folder: Path) -> int:
    """Write the page of the BOM, and what it says that the base of a pull request did not; return the exit code of these."""
    if not bom:
        return 0
    code = 0
    if page := inputs.text("bom-page"):
        code = run_quoted([sys.executable, "-I", "-m", "aisec_ci", "bom", "page", bom, f"--output={page}"])
    if compare := inputs.diff_command(bom, folder):
        code = run_quoted(compare) or code
        if inputs.flag("bom-diff"):
            append_summary(inputs.environment, folder / "diff.md")
    return code


def upload(inputs: Inputs, bom: str) -> int:
    """Upload the BOM to Dependency-Track; return 0, or the exit code that says why it is not there."""
    if not bom:
        text = "there is no BOM to upload: input `bom-file` is empty, or the scan did not end"
        print(f"::error title=aisec-ci::{escape(text)}", flush=True)  # noqa: T201
        return 2
    return 0 if inputs.from_fork("Dependency-Track") else run_quoted(inputs.upload_command(bom))


def has_commit(sha: str) -> bool:
    """Say whether the base commit is in the clone, after trying to fetch it."""
    if not all(c in "0123456789abcdef" for c in sha):
        return False
    git = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]
    look = [*git, "cat-file", "-e", f"{sha}^{{commit}}"]
    fetch = [*git, "fetch", "--quiet", "--no-tags", "--depth=1", "--no-recurse-submodules", "origin", sha]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        if subprocess.run(look, check=False, timeout=60, **quiet).returncode:  # type: ignore[call-overload]
            subprocess.run(fetch, check=False, timeout=120, **quiet)  # type: ignore[call-overload]
        return not subprocess.run(look, check=False, timeout=60, **quiet).returncode  # type: ignore[call-overload]
    except (OSError, subprocess.TimeoutExpired):
        return False


def run_quoted(command: Sequence[str]) -> int:
    """Run the scan with its output in the log, where it cannot act as a workflow command."""
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)  # noqa: T201
    try:
        return subprocess.run(command, check=False).returncode
    finally:
        print(f"\n::{token}::", flush=True)  # noqa: T201


def counts(report: Path) -> dict[str, str]:
    """Return how many active findings the JSON report holds, in all and by severity."""
    try:
        findings = json.loads(report.read_bytes())["findings"]
        active = [f["severity"] for f in findings if f["status"] == "active"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {"findings": str(len(active)), **{s: str(active.count(s)) for s in SEVERITIES}}


def echo(path: Path) -> None:
    """Print the annotations; the report has escaped them and holds to the runner's limit of ten."""
    if path.is_file():
        sys.stdout.write(path.read_text(encoding="utf-8"))
        sys.stdout.flush()


def append_summary(environment: Mapping[str, str], path: Path) -> None:
    """Append the Markdown report to the step's summary, cut at a line end where it is too long."""
    target = environment.get("GITHUB_STEP_SUMMARY")
    if not target or not path.is_file():
        return
    text = path.read_bytes()
    if len(text) > SUMMARY_LIMIT:
        text = text[: text.rfind(b"\n", 0, SUMMARY_LIMIT)] + b"\n\n(cut: the whole report is in the SARIF file)\n"
    with Path(target).open("ab") as out:
        out.write(text + b"\n")


def hand_over(environment: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Write the outputs, each with a delimiter of its own that no value can contain."""
    target = environment.get("GITHUB_OUTPUT")
    if not target:
        return
    with Path(target).open("a", encoding="utf-8") as out:
        for name, value in outputs.items():
            end = f"end-{secrets.token_hex(16)}"
            out.write(f"{name}<<{end}\n{value}\n{end}\n")


def escape(text: str) -> str:
    """Return the text as the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


if __name__ == "__main__":
    sys.exit(main(os.environ))
