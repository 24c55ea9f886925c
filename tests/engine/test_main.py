"""The engine on a terminal: what it prints, and a sentence instead of a trace when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference_worker.engine.__main__ import main


def test_generate_prints_prompt_and_continuation(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", str(checkpoint), "Call me", "--max-tokens", "5"]) == 0
    assert capsys.readouterr().out.startswith("Call me")


def test_a_seed_makes_sampling_repeatable(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["generate", str(checkpoint), "Call me", "--max-tokens", "9", "--temperature", "1.5", "--seed"]
    printed = []
    for seed in ("1", "1", "2"):
        assert main([*command, seed]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] != printed[2]


def test_score_prints_each_token_and_the_total(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", str(checkpoint), "the dog"]) == 0
    *lines, total = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("' the'")
    assert float(total.split()[0]) == pytest.approx(sum(float(line.split()[0]) for line in lines), abs=1e-3)
    assert total.endswith(f"total of {len(lines)} tokens")


def test_bench_prints_a_line_for_each_number_at_once(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(checkpoint), "--at-once", "1", "3", "--weights", "int8"]) == 0
    loaded, head, *lines = capsys.readouterr().out.splitlines()
    assert loaded.startswith("loaded in ")
    assert head.split() == ["at", "once", "prompt", "tokens/s", "output", "tokens/s"]
    assert [line.split()[0] for line in lines] == ["1", "3"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["generate", "/nowhere", "hi"], "checkpoint_invalid"),
        (["generate", "MODEL", "hi", "--max-tokens", "999"], "context_length_exceeded"),
        (["generate", "MODEL", "hi", "--max-tokens", "-1"], "invalid_value"),
        (["generate", "MODEL", "hi", "--temperature", "nan"], "invalid_value"),
        (["generate", "MODEL", "hi", "--device", "tpu"], "config_invalid"),
        (["generate", "MODEL", "\udcff"], "invalid_text"),
        (["score", "MODEL", "word " * 200], "context_length_exceeded"),
    ],
)
def test_bad_input_gets_one_sentence_and_status_1(
    checkpoint: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: str
) -> None:
    assert main([str(checkpoint) if word == "MODEL" else word for word in arguments]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.endswith(f"[{code}]\n")
    assert output.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["generate"], ["bench", "/nowhere", "--at-once", "0"], ["score", "--weights", "x"]]
)
def test_wrong_usage_is_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage:" in capsys.readouterr().err
