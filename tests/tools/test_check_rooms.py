"""tools/check_rooms on small made-up trees: it catches each kind of wrong include, and nothing else."""

import pathlib
import subprocess
import sys

import pytest

REPOSITORY = pathlib.Path(__file__).parents[2]

ROOMS = """# numbers
set(TIDEWAY_ROOMS
  base:0
  model:1
  flow:2
  sql:2
  apply:3
)
"""


@pytest.fixture
def tree(tmp_path):
    """write(path, text) into a tree where apply may use base, model and flow."""

    def write(path, text):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    write("cmake/rooms.cmake", ROOMS)
    for room in ("base", "flow", "sql", "apply"):
        write(f"src/{room}/README.md", f"# {room}\n")
    write("src/base/CMakeLists.txt", "add_room(base HEADERS error.h SOURCES error.cc)\n")
    write("src/base/error.h", "#pragma once\n#include <string>\n")
    write("src/base/error.cc", '#include "base/error.h"\n')
    write("src/flow/CMakeLists.txt", "add_room(flow HEADERS run.h USES base)\n")
    write("src/flow/run.h", '#pragma once\n#include "base/error.h"\n')
    write("src/sql/CMakeLists.txt", "add_room(sql HEADERS lexer.h)\n")
    write("src/sql/lexer.h", "#pragma once\n")
    write.root = tmp_path
    return write


def check(tree):
    run = subprocess.run(
        [sys.executable, REPOSITORY / "tools/check_rooms", tree.root], capture_output=True, text=True, timeout=60
    )
    assert run.returncode in (0, 1), run.stderr
    assert (run.returncode == 0) == (run.stdout == ""), run.stdout
    return run.stdout.splitlines()


def test_a_tree_that_keeps_to_the_rooms_gets_no_complaint(tree):
    assert check(tree) == []


def test_an_include_of_a_higher_room_is_found_with_file_and_line(tree):
    tree("src/base/error.cc", '#include "base/error.h"\n\n#include "flow/run.h"\n')
    assert check(tree) == ["src/base/error.cc:3: base (0) may not include flow (2)"]


def test_a_lower_room_missing_from_uses_is_found(tree):
    tree("src/sql/lexer.h", '#pragma once\n#include "base/error.h"\n')
    assert check(tree) == ["src/sql/lexer.h:2: sql includes base, which its USES does not list"]


def test_an_equal_room_is_refused_until_uses_lists_it(tree):
    tree("src/flow/run.h", '#pragma once\n#  include "sql/lexer.h"\n')
    assert check(tree) == ["src/flow/run.h:2: flow includes sql, which its USES does not list"]
    tree("src/flow/CMakeLists.txt", "add_room(flow HEADERS run.h\n  USES base sql)\n")
    assert check(tree) == []


def test_a_commented_out_use_does_not_count(tree):
    tree("src/flow/CMakeLists.txt", "add_room(flow HEADERS run.h\n  # USES base\n)\n")
    assert check(tree) == ["src/flow/run.h:2: flow includes base, which its USES does not list"]


def test_a_library_named_like_a_room_is_not_a_use(tree):
    tree("src/flow/CMakeLists.txt", "add_room(flow HEADERS run.h LIBS base)\n")
    assert check(tree) == ["src/flow/run.h:2: flow includes base, which its USES does not list"]


def test_uses_of_a_program_count_for_its_room(tree):
    tree("src/apply/CMakeLists.txt", "add_program(apply SOURCES main.cc USES flow)\n")
    tree("src/apply/main.cc", '#include "flow/run.h"\n')
    assert check(tree) == []


def test_our_header_in_angle_brackets_is_found(tree):
    tree("src/flow/run.h", "#pragma once\n#include <base/error.h>\n")
    assert check(tree) == ['src/flow/run.h:2: <base/error.h> is ours: write "base/error.h"']


def test_an_include_that_does_not_start_with_a_room_is_found(tree):
    tree("src/base/error.cc", '#include "error.h"\n')
    assert len(check(tree)) == 1
    tree("src/base/error.cc", '#include "base/gone.h"\n')
    assert len(check(tree)) == 1


def test_a_file_listed_nowhere_is_found(tree):
    tree("src/sql/orphan.cc", "int x;\n")
    assert check(tree) == ["src/sql/orphan.cc: is not listed in its CMakeLists.txt"]


def test_a_room_without_a_readme_is_found(tree):
    (tree.root / "src/sql/README.md").unlink()
    assert check(tree) == ["src/sql/README.md: is missing: what does the room own, and what does it never do?"]


def test_an_unknown_room_and_a_room_that_is_not_built_are_found(tree):
    tree("src/util/string.h", "#pragma once\n")
    tree("src/apply/lane.h", "#pragma once\n")
    assert check(tree) == [
        "src/apply/CMakeLists.txt: is missing: the room is not built",
        "src/util: 'util' is no room: cmake/rooms.cmake does not list it",
    ]


def test_a_type_that_another_room_has_under_the_same_name_is_found(tree):
    tree("src/base/error.h", "#pragma once\nnamespace tideway {\nclass Reader {\n};\n}  // namespace tideway\n")
    tree("src/flow/run.h", '#pragma once\n#include "base/error.h"\nnamespace tideway {\nstruct Reader : Other {\n};\n}  // namespace tideway\n')
    assert check(tree) == ["src/flow/run.h:4: tideway::Reader is a type of base/error.h already"]


def test_a_name_may_be_declared_again_and_taken_in_another_namespace(tree):
    tree("src/base/error.h", "#pragma once\nnamespace tideway {\nclass Reader {\n};\n}  // namespace tideway\n")
    tree("src/flow/run.h", "#pragma once\nnamespace tideway {\nclass Reader;\nstruct Reader::Part {\n};\n}  // namespace tideway\n")
    tree("src/base/error.cc", "namespace tideway {\nnamespace {\nclass Reader {\n};\n}  // namespace\n}  // namespace tideway\n")
    tree("src/sql/lexer.h", "#pragma once\nnamespace tideway::sql {\nclass Reader {\n};\n}  // namespace tideway::sql\n")
    assert check(tree) == []
