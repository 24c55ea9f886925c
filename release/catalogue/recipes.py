"""How to fetch and check a release with each tool, as steps with commands that can be pasted as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from shlex import quote
from urllib.parse import quote as url_quote

from django.urls import reverse
from django.utils.translation import gettext as _

from release.catalogue import client_wheel
from release.catalogue.file_groups import FileGroup, layouts_of
from release.client.manifest import Layout
from release.models import Artifact, Release

# Read by curl from its input: whoever is on the machine can list what a program was started with.
AS_ME = '<<< "Authorization: Bearer $TOKEN"'
LAYOUT_OF_CLIENT = {Layout.META: "meta", Layout.HF: "hf"}


@dataclass(frozen=True)
class Step:
    """A sentence and, where there is one, what to type."""

    words: str
    command: str = ""


@dataclass(frozen=True)
class Recipe:
    """`slug` is an anchor; `note` is said after the steps."""

    slug: str
    title: str
    steps: Sequence[Step]
    note: str = ""


@dataclass(frozen=True)
class Kitchen:
    """What every recipe needs: the release, its files by layout, and the address of this site."""

    release: Release
    groups: Sequence[FileGroup]
    base_url: str
    link_minutes: int
    artifacts: Sequence[Artifact] = field(init=False)

    def __post_init__(self) -> None:
        files = sorted((each for group in self.groups for each in group.artifacts), key=lambda each: each.path)
        object.__setattr__(self, "artifacts", files)

    @property
    def repo(self) -> str:
        return self.release.variant.hub_repo

    @property
    def folder(self) -> str:
        return quote(self.release.variant.folder)

    @property
    def client_folder(self) -> str:
        """Where our client puts what it fetches unless told: Meta's layout in `llama/7B`, any other in `llama-7b`."""
        variant = self.release.variant
        has_meta = any(each.layout == Layout.META for each in self.artifacts)
        return quote(variant.family.slug if has_meta else f"{variant.family.slug}-{variant.slug}")

    def page(self, name: str) -> str:
        variant = self.release.variant
        return self.base_url + reverse(name, args=[variant.family.slug, variant.slug, self.release.version])

    def address(self, path: str) -> str:
        return f"{self.base_url}/{self.repo}/resolve/{url_quote(self.release.version, safe='')}/{url_quote(path)}"


def recipes(kitchen: Kitchen) -> list[Recipe]:
    """From the simplest to the plainest; those that need a file which is not there are left out."""
    makers = (_browser, _client, _hub, _transformers, _curl, _resuming)
    return [found for make in makers if (found := make(kitchen)) is not None]


def checks(kitchen: Kitchen) -> list[Recipe]:
    """How to find out whether what arrived is what was published."""
    return [_sums(kitchen), _signature(kitchen)]


def _browser(kitchen: Kitchen) -> Recipe:
    minutes = kitchen.link_minutes
    steps = [
        Step(_("Press the button beside a file. It makes a link of your own that works for %d minutes.") % minutes),
        Step(_("Put all files of one layout into one folder, by the names that they have here.")),
        Step(_("Check them as described under “Check what arrived”; a browser does not do it for you.")),
    ]
    note = _(
        "A download that has begun may take longer than the link lives. "
        "Browsers cannot take up a broken one with a new link; the tools below can."
    )
    return Recipe("browser", _("Browser"), steps, note)


def _client(kitchen: Kitchen) -> Recipe:
    variant = kitchen.release.variant
    wheel = kitchen.base_url + reverse("client_wheel", args=[client_wheel.NAME])
    fetch = f"gatehouse download {quote(f'{variant.family.slug}/{variant.slug}@{kitchen.release.version}')}"
    steps = [
        Step(
            _("Install it into any Python environment, and sign in through the browser:"),
            f"pip install {quote(wheel)}\ngatehouse login --server {quote(kitchen.base_url)}",
        ),
        Step(_("See what would be fetched:"), f"{fetch} --dry-run"),
        *(Step(words, f"{fetch}{option}") for words, option in _choices(kitchen)),
    ]
    note = _(
        "It checks every hash and the signature of the manifest. Run again, it fetches only what is missing or damaged."
    )
    return Recipe("gatehouse", _("Our client, gatehouse"), steps, note)


def _choices(kitchen: Kitchen) -> list[tuple[str, str]]:
    """What our client is asked to fetch: everything, or one of two layouts."""
    layouts = layouts_of(kitchen.groups)
    if len(layouts) < 2:
        return [(_("Fetch it:"), "")]
    words = _("Fetch “%(layout)s”:")
    return [(words % {"layout": group.title}, f" --layout {LAYOUT_OF_CLIENT[group.layout]}") for group in layouts]


def _hub(kitchen: Kitchen) -> Recipe:
    version = quote(kitchen.release.version)
    fetch = f"hf download {quote(kitchen.repo)} --revision {version} --local-dir {kitchen.folder}"
    steps = [
        Step(_("Tell it where this site is and who you are, with a token that may download:"), _environment(kitchen)),
        Step(_("Fetch all files:"), fetch),
    ]
    if len(layouts_of(kitchen.groups)) > 1:
        steps.append(Step(_("Or leave Meta's files out:"), f"{fetch} {_without_meta(kitchen)}"))
    steps.append(
        Step(_("It compares sizes only. This compares hashes:"),
             f"hf cache verify {quote(kitchen.repo)} --revision {version} --local-dir {kitchen.folder}")
    )  # fmt: skip
    return Recipe("hf", _("Hugging Face's hf"), steps, _("A download that breaks off begins that file anew."))


def _without_meta(kitchen: Kitchen) -> str:
    """Patterns as hf takes them: all shards at once, other files by their paths."""
    paths = [each.path for each in kitchen.artifacts if each.layout == Layout.META]
    patterns = dict.fromkeys("*.pth" if path.endswith(".pth") else path for path in paths)
    return " ".join(f"--exclude {quote(pattern)}" for pattern in patterns)


def _transformers(kitchen: Kitchen) -> Recipe | None:
    if not any(each.path == "config.json" and each.layout == Layout.HF for each in kitchen.artifacts):
        return None
    code = "\n".join(
        [
            "from transformers import AutoModelForCausalLM, AutoTokenizer",
            "",
            f'name, version = "{kitchen.repo}", "{kitchen.release.version}"',
            "tokenizer = AutoTokenizer.from_pretrained(name, revision=version)",
            "model = AutoModelForCausalLM.from_pretrained(name, revision=version)",
        ]
    )
    steps = [Step(_("Before Python starts:"), _environment(kitchen)), Step(_("Then:"), code)]
    note = _("For a run that can be repeated years later, give the commit instead of the version.")
    return Recipe("transformers", "transformers", steps, note)


def _curl(kitchen: Kitchen) -> Recipe:
    sums = quote(kitchen.page("sha256sums"))
    address = f'"{kitchen.base_url}/{kitchen.repo}/resolve/{kitchen.release.version}/$name"'
    loop = "\n".join(
        [
            f"mkdir -p {kitchen.folder} && cd {kitchen.folder}",
            f"curl -fsSL -o sha256sums.txt {sums}",
            "while read -r sum name; do",
            '  test -f "$name" && echo "$sum  $name" | sha256sum -c --quiet && continue',
            f'  curl -fL --create-dirs -C - -H @- -o "$name" {address} {AS_ME}',
            "done < sha256sums.txt",
        ]
    )
    one = kitchen.artifacts[0].path if kitchen.artifacts else "params.json"
    single = f"curl -fL -H @- -o {quote(_file_name(one))} {quote(kitchen.address(one))} {AS_ME}"
    steps = [
        Step(_("Put a token that may download where only this shell sees it. Paste it, then press Enter:"),
             "read -rs TOKEN"),
        Step(_("One file:"), single),
    ]  # fmt: skip
    if all(url_quote(each.path) == each.path for each in kitchen.artifacts):
        steps.append(
            Step(_("All files. Run it again after a break: what is whole is left alone, the rest goes on:"), loop)
        )
    note = _("Each request gets a fresh link. Your token is not sent on to the store, with curl 7.83 or newer.")
    return Recipe("curl", "curl", steps, note)


def _resuming(kitchen: Kitchen) -> Recipe:
    largest = max(kitchen.artifacts, key=lambda each: each.size_bytes).path if kitchen.artifacts else "params.json"
    address = quote(kitchen.address(largest))
    ask = f"link=$(curl -fsS -o /dev/null -w '%{{redirect_url}}' -H @- {address} {AS_ME})"
    name = quote(_file_name(largest))
    steps = [
        Step(_("Put your token into the shell as for curl, and ask for a link to one file:"), ask),
        Step("wget:", f'wget -c -O {name} "$link"'),
        Step(_("Or aria2, over several connections:"), f'aria2c -c -x 8 -o {name} "$link"'),
    ]
    note = _(
        "Neither can be given the token itself: they would send it to the store as well. "
        "When the link has run out, ask for another and run the same line; it goes on where it was."
    )
    return Recipe("wget", _("wget or aria2"), steps, note)


def _sums(kitchen: Kitchen) -> Recipe:
    fetch = f"curl -fsSLO {quote(kitchen.page('sha256sums'))}\nsha256sum -c --ignore-missing sha256sums.txt"
    one = _file_name(kitchen.artifacts[0].path) if kitchen.artifacts else "params.json"
    steps = [
        Step(_("In the folder of the files, on Linux:"), fetch),
        Step(_("On a Mac:"), "shasum -a 256 -c --ignore-missing sha256sums.txt"),
        Step(_("On Windows, one file at a time; compare it with the hash above:"),
             f"Get-FileHash -Algorithm SHA256 '{one}'"),
    ]  # fmt: skip
    if any(_file_name(each.path) == "checklist.chk" for each in kitchen.artifacts):
        words = _("Meta's own list has MD5 sums, which find accidents but no ill will:")
        steps.append(Step(words, "md5sum -c checklist.chk"))
    return Recipe("sums", _("Are these the files?"), steps)


def _signature(kitchen: Kitchen) -> Recipe:
    addresses = [
        kitchen.page("manifest"),
        kitchen.page("release_signature"),
        kitchen.base_url + reverse("release_keys"),
    ]
    fetch = "\n".join(f"curl -fsSLO {quote(address)}" for address in addresses)
    words = _("The manifest names every file with its hash. Anybody can check its signature offline, with our keys:")
    steps = [
        Step(words, fetch),
        Step(
            _("Our client checks both in a folder that it filled, without the network:"),
            f"gatehouse verify {kitchen.client_folder}",
        ),
    ]
    return Recipe("signature", _("Did this house publish them?"), steps)


def _environment(kitchen: Kitchen) -> str:
    return f"export HF_ENDPOINT={quote(kitchen.base_url)}\nread -rs HF_TOKEN && export HF_TOKEN"


def _file_name(path: str) -> str:
    return path.rsplit("/", 1)[-1]
