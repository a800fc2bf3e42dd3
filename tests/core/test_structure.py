"""The shape of the C++ sources: what could go wrong, and which test sees it.

A layer reaches up or into kernels it should not know (includes go down only), an instruction set or a flag that changes
results slips in beside the one CMake function (flags, intrinsics, builtins), a call stands where another operating
system has none (services: a folder for each system), an inline function compiled for a new CPU leaves a kernel's
object file, is picked by the linker for all callers and crashes an old CPU (sealed kernels: the objects are compiled
here and looked at with nm), a kernel is compiled to scalar code (fused multiply-adds), a file grows beyond reading or
opens without saying why it exists.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from fastmlp import _core

ROOT = Path(__file__).parents[2]
CPP = ROOT / "cpp"
SOURCES = sorted(path for path in CPP.rglob("*") if path.suffix in (".cpp", ".hpp"))
BUILD_FILES = [ROOT / "CMakeLists.txt", ROOT / "pyproject.toml"]

# The layers, from the bottom: a file may include its own layer and those below.
LAYERS = ["platform", "kernels", "core", "bindings"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def layer_of(path: Path) -> str:
    return path.relative_to(CPP).parts[0]


def without_comments(path: Path) -> str:
    text = path.read_text()
    if path.suffix in (".cpp", ".hpp"):
        return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"#[^\n]*", "", text)


def includes_of(path: Path) -> list[str]:
    """Every include of a file, as it is written: "core/network.hpp" with its quotes, <vector> with its brackets."""
    return re.findall(r"^\s*#\s*include\s+(\S+)", without_comments(path), flags=re.MULTILINE)


def own_includes_of(path: Path) -> list[str]:
    return [include.strip('"') for include in includes_of(path) if include.startswith('"')]


def files_of(*layers: str) -> list[Path]:
    return [path for path in SOURCES if layer_of(path) in layers]


def found_in(paths: list[Path], pattern: str) -> list[tuple[str, str]]:
    """(file, text) of everything that matches, comments left out."""
    return [(name_of(path), hit.group()) for path in paths for hit in re.finditer(pattern, without_comments(path))]


def test_every_layer_has_files_to_check():
    assert {layer_of(path) for path in SOURCES} == set(LAYERS)
    assert all(includes_of(path) for path in SOURCES if path.suffix == ".cpp")


def test_includes_go_down_only():
    for path in SOURCES:
        for include in own_includes_of(path):
            assert (CPP / include).is_file(), f"{name_of(path)}: {include} is not a path from cpp/"
            down = LAYERS.index(layer_of(CPP / include)) <= LAYERS.index(layer_of(path))
            assert down, f"{name_of(path)} includes {include}"


def test_kernels_include_kernels_and_plain_c_headers_only():
    for path in files_of("kernels"):
        for include in includes_of(path):
            allowed = include.startswith('"kernels/') or include in ("<stddef.h>", "<stdint.h>")
            assert allowed, f"{name_of(path)} includes {include}"


def test_other_layers_know_the_kernels_by_their_table_only():
    for path in files_of("platform", "core", "bindings"):
        for include in own_includes_of(path):
            allowed = not include.startswith("kernels/") or include == "kernels/kernel_table.hpp"
            assert allowed, f"{name_of(path)} includes {include}"


def test_a_target_is_nothing_but_its_constants_and_the_table():
    for path in CPP.glob("kernels/targets/*"):
        assert includes_of(path) == ['"kernels/table-inl.hpp"'], name_of(path)
        lines = [line for line in without_comments(path).splitlines() if line.strip()]
        assert all(re.match(r"#(define FASTMLP_|include )", line) for line in lines), name_of(path)


def test_python_is_known_to_the_bindings_only_and_openmp_to_the_platform_only():
    assert found_in(files_of("platform", "kernels", "core"), r"pybind11|Python\.h|\bPy[A-Z]\w+") == []
    assert found_in(files_of("kernels", "core", "bindings"), r"#\s*pragma\s+omp|<omp\.h>|\bomp_\w+\(") == []


# What stands in the folder of a system in cpp/platform is compiled for it alone. <chrono> is in C++'s library, but
# clocks have one place like the rest.
SYSTEMS = {"linux", "macos", "windows", "posix"}
HEADERS_OF_SYSTEMS = r"include\s*<(sys/\w+|mach/\w+|unistd|pthread|sched|time|windows|malloc|cxxabi|chrono)(\.h)?>"
NAMES_OF_SYSTEMS = r"\b(__linux__|__unix__|__APPLE__|_WIN32|__MINGW\w+|_SC_\w+)\b|\"/(proc|sys|dev)/"
CLOCKS = CPP / "platform" / "clocks.hpp"
OUTSIDE = [path for path in SOURCES if not SYSTEMS & set(path.relative_to(CPP).parts) and path != CLOCKS]


def test_the_operating_system_is_asked_in_its_folders_only():
    assert found_in(OUTSIDE, f"{HEADERS_OF_SYSTEMS}|{NAMES_OF_SYSTEMS}") == []
    assert len(found_in(SOURCES, HEADERS_OF_SYSTEMS)) > 10  # which are seen where they do stand
    for path in OUTSIDE:
        for include in own_includes_of(path):
            assert not SYSTEMS & set(Path(include).parts), f"{name_of(path)} includes {include}"


@pytest.mark.parametrize("system", ["Linux", "Darwin", "Windows"])
def test_every_system_has_every_service(system):
    """Read from the sources: of a system that is not at hand no linker says what is missing."""
    headers = [CPP / "platform" / f"{service}.hpp" for service in ("clocks", "fork", "memory", "threads")]
    declared = {name for _, name in found_in(headers, r"(?m)(?<=[ *])\w+(?=\([^()]*(\(.*)?\)( noexcept)?;$)")}
    files = re.search(rf"set\(services_{system} ([^)]*)\)", without_comments(ROOT / "CMakeLists.txt")).group(1).split()
    paths = [CPP / "platform" / f"{file}.cpp" for file in files]
    defined = {name for _, name in found_in(paths, r"(?m)(?<=[ *])\w+(?=\([^;{}]*\{)")}
    assert len(declared) == 11
    assert declared <= defined


def test_no_file_names_an_instruction_set_but_the_targets():
    headers = r"include\s*<(\w*intrin|arm_\w+)\.h>"
    intrinsics = r"\b_mm\d*_\w+|\b__m(128|256|512)\w*|\bv(ld|st)1q?_\w+|\bfloat(32|64)x\d_t"
    attributes = r"#\s*pragma\s+GCC\s+(target|optimize)|\b(target|target_clones|optimize)\s*\(\s*\""
    assert found_in(SOURCES, f"{headers}|{intrinsics}|{attributes}") == []
    assert found_in(files_of("kernels", "core", "bindings"), r"__builtin_ia32_\w+|cpuid") == []


def test_kernels_call_no_function_of_the_c_library():
    """Results of exp, log and tanh differ from one C library to the next; fma and sqrt are correctly rounded in all."""
    exact = r"(memcpy|memset|fmaf?|sqrtf?|inff?|nanf?|convertvector|bit_cast|shuffle|prefetch)\b"
    assert found_in(files_of("kernels"), rf"__builtin_(?!{exact})\w+|std::\w+") == []


def test_no_flag_changes_the_rules_of_arithmetic():
    """Given to the linker alone, -ffast-math and -Ofast still make the whole process flush subnormals to zero."""
    fast_math = "fast-math|Ofast|unsafe-math|associative-math|reciprocal-math|finite-math|no-signed-zeros"
    others = "ffp-contract=(fast|on)|cx-limited-range|daz-ftz|crtfastmath"
    assert found_in([*SOURCES, *BUILD_FILES], f"{fast_math}|{others}") == []
    assert "-ffp-contract=off" in without_comments(ROOT / "CMakeLists.txt")


def test_instruction_sets_are_chosen_by_one_cmake_function_only():
    text = without_comments(ROOT / "CMakeLists.txt")
    calls = re.findall(r"^\s*fastmlp_add_target\([^)]*\)", text, flags=re.MULTILINE)
    assert len(calls) == len(list(CPP.glob("kernels/targets/*.cpp")))
    assert all(re.search(r"\s-m\w", call) for call in calls)
    for call in calls:
        text = text.replace(call, "")
    for rest in (text, without_comments(ROOT / "pyproject.toml")):
        assert not re.search(r"(?<![\w,-])-m\w", rest)  # after a comma: for the assembler


def test_a_file_is_short_and_opens_by_saying_why_it_exists():
    for path in SOURCES:
        lines = path.read_text().splitlines()
        assert len(lines) < 500, name_of(path)
        assert re.match(r"// \S", lines[0]), name_of(path)


# ---- sealed kernels ----

IS_X86 = re.match(r"linux.x86.64|linux.amd64", sysconfig.get_platform()) is not None
TARGETS = sorted(path for path in CPP.glob("kernels/targets/*.cpp") if path.stem.startswith("x86") == IS_X86)

COMPILER = shutil.which(os.environ.get("CXX", "g++"))
NM = shutil.which("nm")
needs_a_compiler = pytest.mark.skipif(
    COMPILER is None or NM is None, reason="looking at the kernels' objects needs g++ and nm on the PATH"
)


def flags_of(target: Path) -> list[str]:
    """Read the flags from CMakeLists.txt, and -O0 after its own level: nothing is inlined away, so every leak shows."""
    text = without_comments(ROOT / "CMakeLists.txt")
    common = re.search(r"target_compile_options\(fastmlp_flags INTERFACE ([^$]*)", text)
    by_target = {
        name.replace("-", "_"): flags.split()
        for name, flags in re.findall(r"^\s*fastmlp_add_target\((\S+) ([^)]*)\)", text, flags=re.MULTILINE)
    }
    hidden = ["-fPIC", "-fvisibility=hidden", "-fvisibility-inlines-hidden", "-fno-exceptions", "-fno-rtti"]
    return ["-std=gnu++20", *hidden, *common.group(1).split(), *by_target[target.stem], "-O0"]


def symbols_of(source: Path, flags: list[str], folder: Path) -> list[tuple[str, str]]:
    """(name, nm's letter) of what a source's object gives to or wants from other objects."""
    compiled = folder / "kernel.o"
    subprocess.run(
        [COMPILER, *flags, f"-I{CPP}", "-c", str(source), "-o", str(compiled)], check=True, capture_output=True
    )
    listing = subprocess.run([NM, "--format=posix", str(compiled)], check=True, capture_output=True, text=True).stdout
    symbols = [tuple(line.split()[:2]) for line in listing.splitlines()]
    # Small letters are local, but for weak (v, w) and unique (u) ones.
    return [(name, letter) for name, letter in symbols if letter.isupper() or letter in "uvw"]


@needs_a_compiler
@pytest.mark.parametrize("program", ["cross/train_and_hash", "sanitizers/random_networks", "sanitizers/planted"])
def test_the_programs_of_the_core_alone_still_fit_it(program):
    """They are built by hand only (tests/cross/run, tests/sanitizers/run), so a change of the core would leave them."""
    program = ROOT / "tests" / f"{program}.cpp"
    checked = subprocess.run(
        [COMPILER, "-std=gnu++20", "-fsyntax-only", f"-I{CPP}", str(program)], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr


def defined_in(symbols: list[tuple[str, str]]) -> list[str]:
    return [name for name, letter in symbols if letter != "U"]


def wanted_by(symbols: list[tuple[str, str]]) -> set[str]:
    return {name for name, letter in symbols if letter == "U"}


@needs_a_compiler
@pytest.mark.parametrize("target", TARGETS, ids=name_of)
def test_nothing_but_its_table_leaves_a_target(target, tmp_path):
    symbols = symbols_of(target, flags_of(target), tmp_path)
    table = f"kernels_{target.stem}"
    assert defined_in(symbols) == [f"_ZN7fastmlp{len(table)}{table}E"]
    assert not [name for name, letter in symbols if letter in "VWuvw"]
    software_fma = {"fma", "fmaf"} if target.stem == "x86_64_v2" else set()
    # The compiler may make calls of these three from any loop or copy.
    assert wanted_by(symbols) <= {"memcpy", "memmove", "memset"} | software_fma


@needs_a_compiler
def test_a_planted_inline_function_is_seen_to_leave(tmp_path):
    """The check above can fail: std::max, used in a kernel, is a weak symbol that any other file may end up with."""
    planted = tmp_path / "planted.cpp"
    planted.write_text(
        "#include <algorithm>\n"
        f"{TARGETS[0].read_text()}"
        "namespace { [[gnu::used]] float larger(float a, float b) { return std::max(a, b); } }\n"
    )
    symbols = symbols_of(planted, flags_of(TARGETS[0]), tmp_path)
    assert "W" in {letter for _, letter in symbols}
    assert len(defined_in(symbols)) > 1


@needs_a_compiler
def test_a_planted_call_of_the_c_library_is_seen(tmp_path):
    planted = tmp_path / "planted.cpp"
    planted.write_text(
        f"{TARGETS[0].read_text()}namespace {{ [[gnu::used]] double grown(double x) {{ return __builtin_exp(x); }} }}\n"
    )
    assert "exp" in wanted_by(symbols_of(planted, flags_of(TARGETS[0]), tmp_path))


def test_every_fused_multiply_add_is_a_vector_instruction():
    # GCC may leave a lane-wise fma in scalar form: right, but many times slower. Looked for in what was built.
    if not _core.build_info()["compiler"].startswith("GNU"):
        pytest.skip("clang also computes a single lane where one is all that is used")
    if os.uname().machine != "x86_64":
        pytest.skip("the names of scalar instructions looked for are those of x86-64")
    if shutil.which("objdump") is None:
        pytest.skip("objdump is not installed")
    code = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", _core.__file__], capture_output=True, text=True, check=True
    ).stdout
    assert len(re.findall(r"\tvfn?m(?:add|sub)\d+p[sd]", code)) > 1000
    assert re.findall(r"\tvfn?m(?:add|sub)\d+s[sd].*", code) == []
