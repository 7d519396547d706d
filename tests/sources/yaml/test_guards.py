"""Harmful texts: refused with a place, at little more than the cost of a harmless text."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from toriconfig._core.problem import Problem
from toriconfig.sources.read_file import Limits
from toriconfig.sources.yaml.documents import read_documents, read_yaml


def problems(text: str, limits: Limits | None = None) -> list[Problem]:
    return [problem for tree in read_yaml(text, "f.yaml", limits=limits) for problem in tree.problems]


def merge_bomb(levels: int = 25) -> str:
    return "a0: &a0 {k: v}\n" + "".join(
        f"a{n}: &a{n} {{<<: [*a{n - 1},*a{n - 1}]}}\n" for n in range(1, levels + 1)
    )  # fmt: skip


def laughs(levels: int = 9, width: int = 9) -> str:
    return "a0: &a0 [lol]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * width)}]\n" for n in range(1, levels + 1)
    )  # fmt: skip


def test_a_billion_laughs_text_is_refused_at_the_limit() -> None:
    (problem,) = problems(laughs())
    assert ("TC004", "f.yaml:7:34") == (problem.code, str(problem.origin))
    assert "the file expands to more than 1,000,000 values" == problem.message


def test_merge_keys_count_as_the_values_that_they_insert() -> None:
    (problem,) = problems(merge_bomb())
    assert ("TC004", 1000 > len(merge_bomb())) == (problem.code, True)


@pytest.mark.parametrize(("text", "count"), [("a: [1, 2]\n", 4), ("a: &x {b: 1}\nc: *x\nd: {<<: *x}\n", 8)])
def test_the_bound_on_values_is_exact(text: str, count: int) -> None:
    assert [] == problems(text, Limits(max_nodes=count))
    assert ["TC004"] == [problem.code for problem in problems(text, Limits(max_nodes=count - 1))]


def test_values_are_counted_over_all_documents() -> None:
    assert ["TC004"] == [problem.code for problem in problems("a: 1\n---\n" * 10, Limits(max_nodes=10))]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_the_bound_on_lines_counts_comments_too(end: str) -> None:
    assert [] == problems(f"#{end}" * 10, Limits(max_lines=10))
    (problem,) = problems(f"#{end}" * 11, Limits(max_lines=10))
    assert ("TC004", "at most 10 lines") == (problem.code, problem.expected)


def test_the_bound_on_depth_is_exact() -> None:
    deep = "a: " + "[" * 99 + "]" * 99
    assert [] == problems(deep)
    (problem,) = problems(deep.replace("[]", "[[]]"))
    assert ("TC004", "f.yaml:1:103") == (problem.code, str(problem.origin))
    assert [] == problems(deep.replace("[]", "[[]]"), Limits(max_depth=101))


def test_depth_by_aliases_counts() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 150))
    (problem,) = problems(text)
    assert ("TC004", "more than 100 nested collections") == (problem.code, problem.message)
    assert [] == problems("".join(text.splitlines(keepends=True)[:98]))


def test_text_before_a_limit_is_read() -> None:
    (tree,) = read_yaml("a: 1\nb: {c: 2}\nd: " + "[" * 200, "f")
    assert ({"a": 1, "b": {"c": 2}}, False) == (tree.root.plain(), tree.complete)


def test_documents_are_counted() -> None:
    *read, last = read_yaml("---\na: 1\n" * 5, "f.yaml", limits=Limits(max_documents=3))
    assert [{"a": 1}] * 3 == [tree.root.plain() for tree in (*read, last)]
    (problem,) = last.problems
    assert ("TC004", "f.yaml:7:1", False) == (problem.code, str(problem.origin), last.complete)
    assert "the file has more than 3 documents" == problem.message


@pytest.mark.parametrize("digits", [4301, 100_000])
@pytest.mark.parametrize("form", ["{}", "-{}", "0x{}", "!!int {}", "!!float {}"])
def test_a_number_with_too_many_digits_is_a_problem(form: str, digits: int) -> None:
    (problem,) = problems(f"a: {form.format('1' * digits)}\n")
    assert ("TC004", "a", "f.yaml:1:4") == (problem.code, problem.path, str(problem.origin))


def test_the_longest_number_is_read() -> None:
    assert int("9" * 4300) == read_yaml(f"a: {'9' * 4300}\n", "f")[0].root.value["a"].value


HARM = {
    "merge-key bomb": merge_bomb(),
    "laughs": laughs(),
    "quadratic laughs": "a: &a [" + "x," * 5000 + "]\nb: [" + "*a," * 5000 + "]\n",
    "brackets": "[" * 100_000,
    "braces": "{a: " * 100_000,
    "dashes": "- " * 100_000,
    "question marks": "? " * 100_000,
    "brackets as a key": "? " + "[" * 100_000 + "]" * 100_000 + "\n: x\n",
    "an alias inside itself": "a: &x [*x]\n",
    "python": "a: !!python/object/apply:os._exit [7]\n",
    "base 60": "a: " + "1:59" * 100_000 + "\n",
    "digits": "a: " + "1" * 1_000_000 + "\n",
    "a long float": "a: 1." + "1" * 1_000_000 + "\n",
    "anchors": "".join(f"a{n}: &x{n} y\n" for n in range(20_000)),
    "an open quote": 'a: "' + "x " * 500_000,
    "a long key": "a" * 500_000 + ": 1\n",
    "colons": "a" + ":" * 100_000 + "\n",
    "doubled keys": "a: 1\n" * 100_000,
    "mistakes": "a: !x 1\n" * 100_000,
    "documents": "---\n" * 100_000,
    "hints": "- no\n" * 100_000,
    "brackets in a refused value": "a: !x " + "[" * 100_000 + "]" * 100_000 + "\n",
    "anchors on anchors": "a: &x &y 1\n",
    "tags": "a: !<" + "x" * 100_000 + "> 1\n",
}
# Not ru_maxrss: a new process begins with that of the process that started it.
PEAK = """
def peak():
    with open("/proc/self/status") as status:
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1])
"""
MEASURE = (
    PEAK
    + """
import json, sys, time
from toriconfig.sources.yaml.documents import read_yaml
text = sys.stdin.read()
start = time.process_time()
trees = read_yaml(text, "f")
spent = time.process_time() - start
told = [problem.code for tree in trees for problem in tree.problems if problem.severity == "error"]
print(json.dumps([spent, peak(), told[:1]]))
"""
)


def measure(text: str) -> tuple[float, int, list[str]]:
    """Seconds, KiB at most, and the first code, of reading `text` in a process of its own with a gibibyte."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)),
    )
    assert 0 == done.returncode, done.stderr[-500:]
    seconds, kib, told = json.loads(done.stdout)
    return seconds, kib, told


@pytest.fixture(scope="module")
def harmless() -> tuple[float, int]:
    """The cost of 400 KB of ordinary settings."""
    text = "".join(f"section{n}:\n  host: h{n}\n  port: {n}\n  tags: [a, b]\n" for n in range(8_000))
    seconds, kib, told = measure(text)
    assert not told
    return seconds, kib


ACCEPTED = {"base 60", "a long float", "anchors", "hints", "tags", "colons"}


@pytest.mark.parametrize("name", HARM)
def test_a_harmful_file_costs_no_more_than_a_harmless_one(name: str, harmless: tuple[float, int]) -> None:
    seconds, kib, told = measure(HARM[name])
    assert name in ACCEPTED or told
    assert 5 * harmless[0] > seconds
    assert 2 * harmless[1] > kib


def test_a_file_of_100_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    code = PEAK + "import sys; from toriconfig.sources.settings_file import SettingsFile\n"
    code += "before = peak()\nprint(SettingsFile(sys.argv[1]).load().problems[0].code)\nprint(peak() - before < 4000)"
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60, check=True)
    assert "TC004\nTrue\n" == done.stdout


def test_the_time_grows_with_the_text_and_not_faster() -> None:
    import time

    def cost(size: int) -> float:
        text = "".join(f"key{n}: {{a: text, b: {n}, c: [true, 1.5]}}\n" for n in range(size))
        best = []
        for _ in range(3):
            start = time.process_time()
            read_documents(text, "files", "f", Limits())
            best.append(time.process_time() - start)
        return min(best)

    assert 3 * 16 * cost(500) > cost(8_000)
