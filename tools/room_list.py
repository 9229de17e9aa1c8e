"""What cmake/rooms.cmake and the rooms' CMakeLists.txt say, for the tools beside this file."""

import pathlib
import re

_CALL = re.compile(r"\b(?:add_room|add_program)\s*\(([^)]*)\)")
_KEYWORDS = ("HEADERS", "SOURCES", "USES", "LIBS", "PUBLIC_LIBS")


def read_numbers(root: pathlib.Path) -> dict[str, int]:
    """Every room with its number, in the order of the list."""
    text = (root / "cmake/rooms.cmake").read_text()
    return {name: int(number) for name, number in re.findall(r"^\s*(\w+):(\d+)\s*$", text, re.MULTILINE)}


def read_room(cmake_file: pathlib.Path) -> tuple[set[str], set[str]]:
    """The rooms it uses and the files it lists, from all add_room and add_program calls."""
    text = re.sub(r"#.*", "", cmake_file.read_text())
    lists: dict[str, set[str]] = {keyword: set() for keyword in _KEYWORDS}
    for arguments in _CALL.findall(text):
        keyword = None
        for word in arguments.split():
            if word in _KEYWORDS:
                keyword = word
            elif keyword:
                lists[keyword].add(word)
    return lists["USES"], lists["HEADERS"] | lists["SOURCES"]
