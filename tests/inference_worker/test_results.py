"""Lines as they are read and written."""

from __future__ import annotations

import json
import math

import pytest

from inference_worker import results
from inference_worker.results import Line
from release.storage import jobs_store

LINE = Line("batch_req_abc", "my-line", {"prompt": "It was"})


def test_an_answer_has_the_shape_of_an_output_file() -> None:
    assert json.loads(results.answered(LINE, {"object": "text_completion"})) == {
        "id": "batch_req_abc",
        "custom_id": "my-line",
        "response": {"status_code": 200, "request_id": "req_abc", "body": {"object": "text_completion"}},
        "error": None,
    }


def test_a_refused_request_carries_the_error_that_the_api_would_give() -> None:
    line = json.loads(results.refused(LINE, status=400, code="invalid_value", message="No.", param="top_p"))
    assert (line["response"]["status_code"], line["error"]) == (400, None)
    error = {"message": "No.", "type": "invalid_request_error", "param": "top_p", "code": "invalid_value"}
    assert line["response"]["body"] == {"error": error}


def test_a_line_that_did_not_run_has_no_response() -> None:
    line = json.loads(results.not_run(LINE, code="batch_cancelled", message="Too late."))
    assert (line["response"], line["error"]) == (None, {"code": "batch_cancelled", "message": "Too late."})


CUSTOM_IDS = ["plain", 'quo"te', "new\nline", "\u2028", "\ud800", "日本", "\0", "x" * 512]


@pytest.mark.parametrize("custom_id", CUSTOM_IDS, ids=range(len(CUSTOM_IDS)))
def test_any_custom_id_comes_back_as_it_was_on_one_line(custom_id: str) -> None:
    encoded = results.not_run(Line("batch_req_a", custom_id, {}), code="c", message="m")
    assert encoded.count(b"\n") == 1
    assert encoded.endswith(b"\n")
    assert json.loads(encoded)["custom_id"] == custom_id


def test_a_number_that_json_does_not_have_is_never_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        results.answered(LINE, {"logprob": math.nan})


def test_lines_come_back_from_the_store_as_they_went_in(s3_server: str) -> None:
    lines = [LINE, Line("batch_req_d", "\ud800\u2028", {"prompt": [[1, 2]], "seed": 2**63 - 1})]
    results.write_lines("chunks/test/0.jsonl", lines)
    assert results.read_lines("chunks/test/0.jsonl") == lines
    assert results.count_lines("chunks/test/0.jsonl") == 2


def test_no_lines_make_no_object(s3_server: str) -> None:
    assert results.write("results/none.jsonl", []) == ""
    assert not jobs_store().exists("results/none.jsonl")


def test_every_attempt_has_keys_of_its_own() -> None:
    keys = {key for chunk in (1, 11) for n in (1, 11) for key in results.attempt_keys("batch_a", chunk, n)}
    assert len(keys) == 8
