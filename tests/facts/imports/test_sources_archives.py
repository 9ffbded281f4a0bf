"""Folders and archives are opened with care: for size, for names, for what is not theirs to give."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regulars.facts.imports.sources import RawTable, ReadLimits
from regulars.facts.imports.unreadable import (
    DamagedFile,
    EncryptedFile,
    ExpandsTooFar,
    MissingFile,
    NestedArchive,
    NotATable,
    NothingToRead,
)

Make = Callable[[str, str | bytes], Path]
Read = Callable[..., list[RawTable]]
Cells = Callable[[RawTable], list[tuple[Any, ...]]]

TABLE = "id,name\n1,x\n2,y\n"


def zipped(members: dict[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def names(raws: list[RawTable]) -> list[str]:
    return [file.name for raw in raws for file in raw.files]


def test_a_gzip_file_is_read_as_what_it_holds(made: Make, read: Read, rows_of: Cells) -> None:
    (raw,) = read(made("orders.csv.gz", gzip.compress(TABLE.encode())))
    assert rows_of(raw) == [("1", "x"), ("2", "y")]


def test_an_archive_with_a_folder_in_it(made: Make, read: Read) -> None:
    skipped: dict[str, str] = {}
    members: dict[str, str | bytes] = {
        "2024/a.csv": TABLE,
        "2024/b.csv.gz": gzip.compress(TABLE.encode()),
        "__MACOSX/2024/._a.csv": b"\0\5\x16\7",
        "logo.png": b"\x89PNG\r\n\x1a\n",
        "empty.csv": "",
    }
    raws = read(made("orders.zip", zipped(members)), skipped=skipped.__setitem__)
    assert names(raws) == ["orders.zip/2024/a.csv", "orders.zip/2024/b.csv"]
    assert raws[0].rows == 4
    assert set(skipped) == {"orders.zip/logo.png", "orders.zip/empty.csv"}
    assert "picture" in skipped["orders.zip/logo.png"]


def test_a_folder_is_read_with_the_folders_in_it(made: Make, read: Read, tmp_path: Path) -> None:
    skipped: dict[str, str] = {}
    made("in/a.csv", TABLE)
    made("in/2024/b.csv", TABLE)
    made("in/.hidden.csv", TABLE)
    made("in/~$a.xlsx", b"\0\1\2")
    made("in/readme.pdf", b"%PDF-1.4")
    raws = read(tmp_path / "given" / "in", skipped=skipped.__setitem__)
    assert names(raws) == ["in/a.csv", "in/2024/b.csv"]
    assert list(skipped) == ["in/readme.pdf"]


def test_links_that_lead_out_of_a_folder_are_not_followed(made: Make, read: Read, tmp_path: Path) -> None:
    outside = made("outside/secret.csv", TABLE)
    inside = made("in/a.csv", TABLE)
    inside.with_name("link.csv").symlink_to(outside)
    inside.with_name("folder").symlink_to(outside.parent)
    inside.with_name("same.csv").symlink_to(inside)
    assert names(read(inside.parent)) == ["in/a.csv", "in/same.csv"]


def test_names_that_climb_out_of_an_archive_are_never_written(made: Make, read: Read, tmp_path: Path) -> None:
    (raw,) = read(made("orders.zip", zipped({"../../evil.csv": TABLE, "/abs/evil.csv": TABLE})))
    assert raw.rows == 4
    assert not list(tmp_path.parent.rglob("evil.csv"))


@pytest.mark.parametrize("pack", [lambda data: gzip.compress(data), lambda data: zipped({"bomb.csv": data})])
def test_a_bomb_is_stopped(made: Make, read: Read, work: Path, pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(b"a,b\n" + b"0" * 5_000_000)
    with pytest.raises(ExpandsTooFar, match="far more data"):
        read(made("bomb", bomb), limits=ReadLimits(expansion_from_bytes=1_000_000))
    assert list(work.iterdir()) == []


def test_archives_together_may_not_expand_beyond_the_limit(made: Make, read: Read) -> None:
    several = zipped({f"{number}.csv": "a,b\n" + f"{number},2\n" * 1000 for number in range(10)})
    with pytest.raises(ExpandsTooFar):
        read(made("many.zip", several), limits=ReadLimits(expanded_bytes=20_000))


def test_an_encrypted_archive_is_refused(made: Make, read: Read) -> None:
    content = bytearray(zipped({"a.csv": TABLE}))
    content[6] |= 1  # the flag of the member
    content[content.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    with pytest.raises(EncryptedFile, match="password"):
        read(made("a.zip", bytes(content)))


def test_an_archive_in_an_archive_is_refused_or_left_out(made: Make, read: Read) -> None:
    inner = zipped({"a.csv": TABLE})
    skipped: dict[str, str] = {}
    raws = read(made("a.zip", zipped({"inner.zip": inner, "b.csv": TABLE})), skipped=skipped.__setitem__)
    assert names(raws) == ["a.zip/b.csv"]
    assert "archive inside an archive" in skipped["a.zip/inner.zip"]
    with pytest.raises(NestedArchive):
        read(made("a.zip.gz", gzip.compress(inner)))


@pytest.mark.parametrize("name", ["a.csv.gz", "a.zip"])
def test_a_damaged_archive_is_refused(made: Make, read: Read, name: str) -> None:
    content = gzip.compress(TABLE.encode() * 1000) if name.endswith("gz") else zipped({"a.csv": TABLE * 1000})
    with pytest.raises(DamagedFile, match="damaged or cut off"):
        read(made(name, content[: len(content) // 2]))


def test_other_archives_are_named(made: Make, read: Read) -> None:
    with pytest.raises(NotATable, match="7-Zip"):
        read(made("a.7z", b"7z\xbc\xaf\x27\x1c\0\4"))


def test_a_missing_file_is_said(tmp_path: Path, read: Read) -> None:
    with pytest.raises(MissingFile, match=r"orders\.csv"):
        read(tmp_path / "orders.csv")


def test_a_folder_without_anything_readable_is_refused(made: Make, read: Read) -> None:
    with pytest.raises(NothingToRead, match="pictures"):
        read(made("pictures/a.png", b"\x89PNG").parent)
