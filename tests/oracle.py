"""Looks for planted values in finished bundles, knowing nothing of casefile.

    oracle.py CANARIES FILE...

CANARIES holds one value a line, `name<TAB>value`. Each FILE is a zip, or a text.
Everything is unpacked and decoded, three layers deep, in every way that the
standard library and a few expressions know. Prints each value that is found and
ends with 1; ends with 0 when there is none.
"""

import base64
import binascii
import email.header
import html
import json
import quopri
import re
import sys
import urllib.parse
import zipfile
import zlib

DEPTH = 3


def texts(name, data):
    """What is in a file besides pixels: name and bytes."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        yield name, data
        return
    at = 8
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        kind, chunk = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        if kind not in (b"IHDR", b"IDAT", b"PLTE", b"IEND"):
            yield f"{name} {kind!r}", chunk
            for start in range(len(chunk)):
                if chunk[start : start + 1] == b"\x78":
                    try:
                        yield f"{name} {kind!r}", zlib.decompressobj().decompress(chunk[start:])
                    except zlib.error:
                        pass
        at += 12 + size
        if kind == b"IEND":
            break
    yield f"{name} behind its end", data[at:]


def replaced(pattern, made, data):
    out = re.sub(pattern, made, data)
    return [out] if out != data else []


def blobs(data):
    out = []
    for run in set(re.findall(rb"[A-Za-z0-9+/_-]{8,}", data)):
        plain = run.replace(b"-", b"+").replace(b"_", b"/")
        for phase in range(4):
            piece = plain[phase:]
            try:
                out.append(base64.b64decode(piece[: len(piece) // 4 * 4]))
                out.append(base64.b64decode(piece + b"=" * (-len(piece) % 4)))
            except binascii.Error:
                pass
    for run in set(re.findall(rb"[0-9A-Fa-f]{12,}", data)):
        for phase in range(2):
            piece = run[phase:]
            out.append(bytes.fromhex(piece[: len(piece) // 2 * 2].decode()))
    # One text for all: values are looked for, not places.
    return [b"\x00".join(out)] if out else []


def words(data):
    out = []
    for word in set(re.findall(rb"=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=", data)):
        try:
            for part, _ in email.header.decode_header(word.decode("ascii")):
                out.append(part if isinstance(part, bytes) else part.encode())
        except (UnicodeDecodeError, email.errors.HeaderParseError):
            pass
    return [b"\x00".join(out)] if out else []


def decoded(data):
    """Each way to read the data one layer further down."""
    text = data.decode("utf-8", "replace")
    out = blobs(data) + words(data)
    unescaped = html.unescape(text)
    out += [unescaped.encode()] if unescaped != text else []
    percent = urllib.parse.unquote_to_bytes(data)
    out += [percent] if percent != data else []
    quoted = quopri.decodestring(data)
    out += [quoted] if quoted != data else []
    out += replaced(rb"\+([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m[1].decode()), data)
    out += replaced(rb"\\u\{?([0-9A-Fa-f]{2,6})\}?|\\x\{([0-9A-Fa-f]+)\}", point, data)
    out += replaced(rb"\\x([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m[1].decode()), data)
    out += replaced(rb"\\([0-3][0-7]{2})", lambda m: bytes([int(m[1], 8)]), data)
    out += replaced(rb"\\([!-/:-@\[-`{-~])", lambda m: m[1], data)
    out += replaced(rb'""', b'"', data)
    return out


def point(match):
    try:
        return chr(int(match[1] or match[2], 16)).encode("utf-8", "replace")
    except (ValueError, OverflowError):
        return b"?"


def read_whole(data):
    """Without what may stand inside a value and is not seen: tags, ends of lines, backslashes."""
    yield data
    yield re.sub(rb"<[A-Za-z/!][^>]*>", b"", data)
    yield re.sub(rb"(\r?\n|#012)[ \t]*", b"", data)


def main():
    with open(sys.argv[1], encoding="utf-8") as lines:
        canaries = [line.rstrip("\n").split("\t", 1) for line in lines if line.strip()]
    looked = {value.casefold(): name for name, value in canaries}
    leaks = set()

    def look(where, data, how):
        folded = data.decode("utf-8", "replace").casefold()
        for value, name in looked.items():
            if value in folded:
                leaks.add((name, where, how))

    def dig(where, data, depth, how):
        look(where, data, how)
        if depth:
            for deeper in decoded(data):
                dig(where, deeper, depth - 1, how + ">")

    count = 0
    for path in sys.argv[2:]:
        entries = [(path, open(path, "rb").read())]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                assert archive.testzip() is None, path
                entries = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
                entries += [("(comment)", archive.comment)]
                entries += [("(names)", "\n".join(archive.namelist()).encode())]
                entries += [(entry.filename + " (extra)", entry.extra + entry.comment) for entry in archive.infolist()]
        for name, data in entries:
            if name.endswith(".json"):
                json.loads(data)
            for where, text in texts(name, data):
                count += 1
                for whole in read_whole(text):
                    # Long texts change little from layer to layer: a line at a time suffices.
                    pieces = whole.split(b"\n") if len(whole) > 20_000 else [whole]
                    look(where, whole, "")
                    for piece in {p for p in pieces if re.search(rb"[%=+\\&]|[A-Za-z0-9+/_-]{8}", p)}:
                        dig(where, piece, DEPTH - 1 if len(pieces) > 1 else DEPTH, "")
    for name, where, how in sorted(leaks):
        print(f"{name} in {where}, {len(how)} layers down")
    print(f"{count} texts, {len(canaries)} values, {len(leaks)} leaks")
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
