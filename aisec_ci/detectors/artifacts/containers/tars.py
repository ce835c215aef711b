"""tar: members judged by content; names and links that leave the folder are findings."""

from __future__ import annotations

import tarfile
from io import BufferedReader

from aisec_ci.detectors.artifacts.blob import BlobIO, Slice
from aisec_ci.detectors.artifacts.containers.paths import escapes, link_escapes
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.pickles.values import harmless, shorten
from aisec_ci.model import Severity

_HEADERS = 1 << 20
"""Bytes of long names and PAX headers that one member may have."""


class _Info(tarfile.TarInfo):
    """A member whose headers are bounded: `tarfile` reads a PAX header or long name as a whole."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if (
            self.type
            in (
                tarfile.GNUTYPE_LONGNAME,
                tarfile.GNUTYPE_LONGLINK,
                tarfile.XHDTYPE,
                tarfile.XGLTYPE,
                tarfile.SOLARIS_XHDTYPE,
            )
            and self.size > _HEADERS
        ):
            raise tarfile.ReadError("a header of a member is too long")
        return super()._proc_member(archive)  # type: ignore[misc,no-any-return]


def read(item: Item, scan: Scan) -> None:
    """Judge all members of a tar file."""
    scan.collector.format("tar")
    try:
        archive = tarfile.open(fileobj=BufferedReader(BlobIO(item.blob)), mode="r:", tarinfo=_Info)  # noqa: SIM115 - holds no handle
        while (member := archive.next()) is not None:
            scan.budget.member()
            archive.members.clear()  # type: ignore[attr-defined]  # `tarfile` would keep them all
            _member(item, scan, member)
    except (tarfile.TarError, EOFError, ValueError, OSError, RecursionError) as error:
        scan.collector.not_read(f"{item.place.inside()} the tar file is broken: {error}".strip())


def _member(item: Item, scan: Scan, member: tarfile.TarInfo) -> None:
    name = shorten(harmless(member.name), 100)
    if how := escapes(member.name):
        message = f"the archive member `{name}` {how}: unpacking writes outside of the folder"
        scan.issue(item, "archive-path-traversal", Severity.HIGH, message, anchor=name)
    if member.issym() or member.islnk():
        how = link_escapes(member.name, member.linkname) if member.issym() else escapes(member.linkname)
        if how:
            message = (
                f"the archive member `{name}` is a link to `{shorten(harmless(member.linkname), 80)}`, which {how}"
            )
            scan.issue(item, "archive-path-traversal", Severity.HIGH, message, anchor=name)
    elif member.ischr() or member.isblk():
        scan.issue(
            item, "archive-path-traversal", Severity.HIGH, f"the archive member `{name}` is a device", anchor=name
        )
    elif member.isreg():
        scan.member(item, Slice(item.blob, member.offset_data, member.size), member.name, member.size)
