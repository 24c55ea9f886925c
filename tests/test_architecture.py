"""Imports point one way. Every import counts, those inside functions too."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = {"access_portal", "release", "inference_worker", "demo", "tests"}
ENGINE_MAY = {"torch", "sentencepiece", "inference_worker.engine"}

# package -> what of ours it may import
MAY_IMPORT = {
    "access_portal": set(),
    "release": {"access_portal"},
    "inference_worker": {"access_portal", "release"},
    "demo": {"access_portal", "release", "inference_worker"},
}
# Installed alone as well, as `gatehouse` and `gatehouse-engine`, so inside each modules name each other relatively, and
# nothing else of ours.
CLIENT, ENGINE = "release/client", "inference_worker/engine"
# Only these run where PyTorch is; everything else may be imported by a web process.
WITH_TORCH = {"inference_worker/runner.py", "inference_worker/engine_thread.py"}
# The files that may start a chain which ends at PyTorch: Celery's entry points, and the worker's own modules.
WORKER_ONLY = WITH_TORCH | {"inference_worker/tasks.py"}


def modules(package: str) -> list[Path]:
    leave_out = {"migrations", "build"}  # `pip install release/client` leaves a folder `build` there
    return [path for path in sorted((ROOT / package).rglob("*.py")) if not leave_out & set(path.parts)]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = module_of(node, path)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def module_of(node: ast.ImportFrom, path: Path) -> str:
    """The full name of what an import names, which may be relative only within what is installed alone."""
    if not node.level:
        assert node.module
        return node.module
    within = path.relative_to(ROOT).parts
    alone = next((package for package in (CLIENT, ENGINE) if path.is_relative_to(ROOT / package)), None)
    assert alone is not None, f"{path}: relative import"
    assert node.level < len(within) - len(Path(alone).parts) + 1, f"{path}: it would leave {alone} when installed"
    return ".".join([*within[: -node.level], *([node.module] if node.module else [])])


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_packages_import_only_what_lies_below_them(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    for path in modules(package):
        tops = {name.split(".")[0] for name in imported(path)} & OURS
        assert tops <= allowed, f"{path.relative_to(ROOT)} imports {tops - allowed}"


@pytest.mark.parametrize("package", [CLIENT, ENGINE])
def test_what_is_installed_alone_imports_no_django_and_nothing_of_ours_but_itself(package: str) -> None:
    for path in modules(package):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom) and not getattr(node, "level", 0):
                named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                tops = {name.split(".")[0] for name in named}
                assert not tops & (OURS | {"django"}), f"{path.relative_to(ROOT)} imports {tops}"


def test_the_engine_imports_nothing_but_torch_sentencepiece_and_the_standard_library() -> None:
    import sys

    for path in modules("inference_worker/engine"):
        for name in imported(path):
            top = name.split(".")[0]
            known = top in sys.stdlib_module_names or top in ENGINE_MAY or name.startswith("inference_worker.engine")
            assert known, f"{path.relative_to(ROOT)} imports {name}"


def test_only_the_worker_reaches_pytorch() -> None:
    reach = {name_of(path): set(imported(path)) for package in MAY_IMPORT for path in modules(package)}
    carriers = {name for name, names in reach.items() if any(n.split(".")[0] == "torch" for n in names)}
    grown = True
    while grown:
        found = {name for name, names in reach.items() if names & carriers} - carriers
        carriers |= found
        grown = bool(found)
    outside = {
        name
        for name in carriers
        if not name.startswith(("inference_worker.engine", "demo.model"))
        and name.replace(".", "/") + ".py" not in WORKER_ONLY
    }
    assert not outside, f"a web process would import torch through {sorted(outside)}"


def test_only_storage_imports_boto3() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for package in MAY_IMPORT
        for path in modules(package)
        if any(name.split(".")[0] in {"boto3", "botocore"} for name in imported(path))
    }
    assert users == {"release/storage.py"}


@pytest.mark.parametrize("package", ["access_portal", "release", "inference_worker"])
def test_no_import_hides_inside_a_function(package: str) -> None:
    for path in modules(package):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != "ready":
                hidden = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
                assert not hidden, f"{path.relative_to(ROOT)}:{hidden[0].lineno} imports inside {node.name}()"


@pytest.mark.parametrize("package", ["access_portal", "release", "inference_worker"])
def test_modules_import_each_other_without_a_cycle(package: str) -> None:
    names = {name_of(path) for path in modules(package)}
    graph = {name_of(path): {n for n in imported(path) if n in names} - {name_of(path)} for path in modules(package)}
    state: dict[str, int] = {}

    def visit(name: str, trail: list[str]) -> None:
        assert state.get(name) != 1, " -> ".join([*trail, name])
        if name not in state:
            state[name] = 1
            for target in graph[name]:
                visit(target, [*trail, name])
            state[name] = 2

    for name in names:
        visit(name, [])


def test_files_and_functions_stay_small() -> None:
    for package in MAY_IMPORT:
        for path in modules(package):
            source = path.read_text()
            assert source.count("\n") <= 400, f"{path.relative_to(ROOT)} is too long"
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    length = (node.end_lineno or node.lineno) - node.lineno + 1
                    assert length <= 60, f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {length} lines"
