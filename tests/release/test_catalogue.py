"""The catalogue as loaded from the project's data, and its pages."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from access_portal.errors import ConflictError
from access_portal.grants.policy import Action
from access_portal.licences.models import LicenceVersion
from release.catalogue.loading import DATA, load_catalogue
from release.client import manifest
from release.models import Family, Release, Variant
from release.queries import published_release, usable_releases
from tests.factories import make_grant, make_release, make_user, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded(db: None) -> None:
    load_catalogue(now=timezone.now())


@pytest.mark.usefixtures("loaded")
def test_parameter_counts_follow_from_the_architecture() -> None:
    """Embedding, output, and for each layer two norms, four attention and three feed-forward matrices."""
    for variant in Variant.objects.all():
        layer = 2 * variant.dim + 4 * variant.dim**2 + 3 * variant.dim * variant.ffn_hidden
        total = 2 * variant.vocab_size * variant.dim + variant.dim + variant.n_layers * layer
        assert variant.parameters == total, variant


@pytest.mark.usefixtures("loaded")
def test_the_four_sizes_of_llama_and_the_demo_are_there() -> None:
    names = set(Variant.objects.values_list("model_id", "folder"))
    assert names == {
        ("llama-7b", "7B"),
        ("llama-13b", "13B"),
        ("llama-33b", "30B"),
        ("llama-65b", "65B"),
        ("quill-5m", "5M"),
    }
    assert not Family.objects.get(slug="llama").accepts_applications


@pytest.mark.usefixtures("loaded")
def test_every_table_is_whole_and_names_its_source() -> None:
    for family in Family.objects.all():
        tables = family.facts["tables"]
        for table in tables:
            assert table["source"]
            assert all(len(row["values"]) == len(table["columns"]) for row in table["rows"]), table["id"]
        rows = {row["name"] for table in tables for row in table["rows"]}
        assert not tables or {variant.facts["table_row"] for variant in family.variants.all()} <= rows


@pytest.mark.usefixtures("loaded")
def test_loading_again_changes_nothing_and_keeps_who_takes_applications() -> None:
    call_command("catalogue", "close", "quill")
    before = list(Variant.objects.values()), list(LicenceVersion.objects.values())
    call_command("catalogue", "load")
    assert (list(Variant.objects.values()), list(LicenceVersion.objects.values())) == before
    assert not Family.objects.get(slug="quill").accepts_applications


@pytest.mark.usefixtures("loaded")
def test_a_family_without_a_licence_text_cannot_be_opened() -> None:
    with pytest.raises(CommandError, match="no licence text"):
        call_command("catalogue", "open", "llama")
    with pytest.raises(CommandError, match="no model family"):
        call_command("catalogue", "open", "none")


def _copy_of_data(folder: Path) -> Path:
    for path in DATA.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.mark.usefixtures("loaded")
def test_another_text_under_a_published_number_is_refused(tmp_path: Path) -> None:
    data = _copy_of_data(tmp_path)
    (data / "research-licence.md").write_text("Do what you like.")
    with pytest.raises(ConflictError, match="never changes"):
        load_catalogue(now=timezone.now(), folder=data)


@pytest.mark.usefixtures("loaded")
def test_the_architecture_of_a_released_variant_stays(tmp_path: Path) -> None:
    make_release(Variant.objects.get(model_id="quill-5m"))
    data = _copy_of_data(tmp_path)
    quill = json.loads((data / "quill.json").read_text())
    quill["variants"][0]["n_layers"] = 6
    (data / "quill.json").write_text(json.dumps(quill))
    with pytest.raises(ConflictError, match="n_layers stays"):
        load_catalogue(now=timezone.now(), folder=data)


@pytest.mark.usefixtures("loaded")
def test_every_page_of_the_catalogue_opens_for_a_stranger(client: Client) -> None:
    release = make_release(Variant.objects.get(model_id="quill-5m"))
    for url in (
        "/models/",
        "/models/llama/",
        "/models/llama/33b/",
        "/models/quill/",
        "/models/quill/5m/",
        "/models/quill/5m/v1/",
    ):
        text = client.get(url).content.decode()
        assert text.count("<h1") == 1, url
        assert " style=" not in text
        assert " onclick" not in text
    assert release.commit in client.get("/models/quill/5m/v1/").content.decode()


@pytest.mark.usefixtures("loaded")
def test_the_model_card_says_what_the_source_says(client: Client) -> None:
    text = client.get("/models/llama/").content.decode()
    for words in ("6,738,415,616", "paper, table 3", "GPL-3.0", "does not hold these weights", "GPT-3 175B", "4.5"):
        assert words in text
    assert "<strong>LLaMA 33B</strong>" in client.get("/models/llama/33b/").content.decode()


@pytest.mark.parametrize(
    "url",
    ["/models/none/", "/models/toy/none/", "/models/toy/1m/v9/", "/models/toy/1m/v2/", "/models/toy/1m/%00/",
     "/models/toy/1m/v9/manifest.json", "/models/toy/1m/v2/sha256sums.txt", "/models/toy/1m/v1/../v1/none"],
)  # fmt: skip
def test_what_is_not_there_or_not_yet_public_is_not_found(client: Client, url: str) -> None:
    make_release(make_release().variant, "v2", "staged")
    assert client.get(url).status_code == 404


def test_manifest_and_sums_are_public_and_exact(client: Client, published: Release, folder: Path) -> None:
    answer = client.get("/models/toy/1m/v1/manifest.json")
    assert manifest.digest(answer.content) == published.manifest_sha256
    assert list(manifest.differences(manifest.decode(answer.content), folder)) == []
    sums = client.get("/models/toy/1m/v1/sha256sums.txt").content.decode()
    assert sums.splitlines() == [f"{each.sha256}  {each.path}" for each in published.artifacts.all()]


def test_a_withdrawn_release_keeps_its_page_with_the_reason(client: Client) -> None:
    release = make_release()
    Release.objects.filter(pk=release.pk).update(
        state="withdrawn", withdrawn_reason="<b>Broken</b>", withdrawn_at=timezone.now()
    )
    text = client.get("/models/toy/1m/v1/").content.decode()
    assert "&lt;b&gt;Broken&lt;/b&gt;" in text
    assert "Bearer" not in text
    assert client.get("/models/toy/1m/v1/manifest.json").status_code == 200


def test_usable_releases_are_the_newest_of_each_variant_that_the_policy_grants() -> None:
    ada, now = make_user("ada"), timezone.now()
    old = make_release()
    new = make_release(old.variant, "v2")
    make_release(make_variant(old.variant.family, "2m"), "v1", "staged")
    assert usable_releases(ada, Action.INFER, now) == []
    make_grant(ada, old.variant.family)
    assert usable_releases(ada, Action.INFER, now) == [new]
    assert published_release("toy-1m") == new
    assert published_release("toy-2m") is None
    assert published_release("no\0ne") is None
