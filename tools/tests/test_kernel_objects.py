# SPDX-License-Identifier: MIT
"""docs/kernel-objects.md names every object, operation, right and error of abi/kernel."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/kernel-objects.md").read_text()
NAMED = set(re.findall(r"`(\w+)`", PAGE)) | set(re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", PAGE))


def without_comments(path):
    return re.sub(r"//[^\n]*", "", (ROOT / path).read_text())


def enumerators(text, name):
    body = re.search(rf"enum class {name} [^{{]*{{(.*?)}};", text, re.S).group(1)
    return [word for word in re.findall(r"\b([a-z]\w*)\b\s*(?:=\s*[^,]+)?(?:,|$)", body)]


def sections():
    parts = re.split(r"^## ", PAGE, flags=re.M)[1:]
    return {part.split("\n", 1)[0]: part for part in parts}


def test_every_operation_is_described_with_its_object():
    text = without_comments("abi/kernel/operation.hpp")
    names = re.findall(r"enum class (\w+)Op ", text)
    assert len(names) >= 11
    for name in names:
        section = next(part for title, part in sections().items() if name in title.split(", "))
        for operation in enumerators(text, name + "Op"):
            assert f"| `{operation}` |" in section, f"{name}.{operation} is not described"


def test_every_right_is_described_with_its_object():
    text = without_comments("abi/kernel/object.hpp")
    for name, body in re.findall(r"struct (\w+)Rights {(.*?)};", text, re.S):
        section = next(part for title, part in sections().items() if name in title.split(", "))
        line = " ".join(re.findall(r"Rights[^\n]*", section))
        for right in re.findall(r"uint8_t (\w+) =", body):
            assert f"`{right}`" in line, f"{name}'s right {right} is not described"


def test_every_error_is_named():
    for error in enumerators(without_comments("abi/kernel/error.hpp"), "Error"):
        assert error in NAMED or error == "ok", f"error {error} is not described"


# Of every operation, as the page says at its beginning.
GENERAL = {"ok", "invalid_capability", "wrong_type", "missing_right", "bad_system_call", "too_long"}


def documented_errors(name, operation):
    section = next(part for title, part in sections().items() if name in title.split(", "))
    row = re.search(rf"^\| `{operation}` \|.*$", section, re.M).group()
    errors = row.rstrip(" |").rsplit("|", 1)[1]
    others = re.findall(r"as (\w+)", errors)  # "as copy": the errors of another operation
    return set(re.findall(r"[a-z_]+", errors)).union(*(documented_errors(name, other) for other in others
                                                       if f"| `{other}` |" in section))


def test_every_error_that_the_unit_tests_get_is_described_with_its_operation():
    text = re.sub(r"\s+", " ", (ROOT / "kernel/syscall/operations_test.cpp").read_text())
    found = set(re.findall(r"gives\(Error::(\w+), [^(){};]*?, (\w+)Op::(\w+)", text))
    assert len(found) > 60
    missing = [f"{name}.{operation}: {error}" for error, name, operation in sorted(found)
               if error not in GENERAL | documented_errors(name, operation)]
    assert missing == []


def test_every_system_call_is_named():
    for call in enumerators(without_comments("abi/kernel/syscall.hpp"), "Syscall"):
        assert f"`{call}`" in PAGE or call == "count_end"
