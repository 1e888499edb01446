"""Builds the page without a server: plain files for any web server, or to open from disk.

Everything that the live page asks its server for is in data.js, under the same path, taken from recordings.
"""

import base64
import json
import re
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emulator.offered_titles import Offer
from fairplay import tllv
from fairplay.envelope import read_envelope
from fairplay.session_key import DerivedKeys
from fairplay.spc import SpcContents
from simulation.steps import Step
from walkthrough.experiments import EXPERIMENTS
from walkthrough.page.inspector import Context, inspect_ckc, inspect_spc, inspect_token
from walkthrough.page.lab_routes import described_lab, described_result
from walkthrough.page.media import as_license
from walkthrough.page.message_bytes import find_message, message_bytes
from walkthrough.page.outline import outline
from walkthrough.page.page_language import BROWSER, DEVICE_SCRIPT, SHEETS, WEB, render_page
from walkthrough.page.security import STATIC_POLICY
from walkthrough.page.source_code import sources_of
from walkthrough.page.static.bundle import bundle, shorten, shorten_sheet
from walkthrough.page.static.record_runs import COOKIE, INDEX, RUNS, SEEDS, STILL
from walkthrough.record.recorded import Recording, all_steps
from walkthrough.record.recording import row_that_binds
from walkthrough.record.steps import STEPS
from walkthrough.words import words

NAMES = {"en": "index.html", "fr": "fr.html"}
NEEDS_LIVE = "This needs the live page: scripts/demo --open."
HERE = "{here}"
"""Stands for the address of the page in the commands that fetch a message; the page fills it in."""
MESSAGES = (
    ("A.dummy.any", 3, "token"),
    ("A.dummy.any", 4, "spc"),
    ("A.film.A", 10, "token"),
    ("A.film.A", 11, "spc"),
    ("A.film.A", 13, "ckc"),
    ("B.film.A", 11, "spc"),
)
"""The messages that can be opened, by run and step: one of each kind, and the refused device's SPC."""
MAX_FILLING = 16
"""Characters of a text that may stand inside another one ("they differ")."""
MAX_HEX = 48
"""Bytes of a field that are shown; the message's own file has them all."""

_SAID = re.compile(r"\bsay\('([^']+)'")


def build(folder: Path, recordings: Path, lab: Path, titles: Path) -> None:
    """Write the page into `folder`, emptied first.

    `recordings` is what `record_runs` wrote, `lab` the outcomes of the experiments, `titles` has a folder of encrypted
    files for each title. Nothing but what a title's tracks name is copied from there.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "messages").mkdir(parents=True)
    index = _read(recordings / INDEX)
    runs = {".".join(run): _read(recordings / f"{'.'.join(run)}.binding.json") for run in RUNS}
    answers = _answers(index, _read(lab))
    for name, n, kind in MESSAGES:
        message, shown = _message(runs[name], n, kind, f"{HERE}messages/{name}.{n}.{kind}")
        answers[f"api/inspect/{name}.{n}/{kind}"] = shown
        (folder / "messages" / f"{name}.{n}.{kind}").write_bytes(message)
    data = {
        "answers": answers,
        "runs": {name: _run(name, recording, index) for name, recording in runs.items()},
        "titles": {title["title"]: title["name"] for title in index["titles"]},
        "devices": [_device(name, seed, runs) for name, seed in SEEDS.items()],
        "needsLive": NEEDS_LIVE,
    }
    _write_script(folder / "data.js", "globalThis.recordedWalkthrough = ", data)
    modules = {path.name: path.read_text(encoding="utf-8") for path in WEB.glob("*.js")}
    (folder / "page.js").write_text(bundle(modules, "main.js"), encoding="utf-8")
    sheets = "".join((WEB / sheet).read_text(encoding="utf-8") for sheet in SHEETS)
    (folder / "page.css").write_text(shorten_sheet(sheets), encoding="utf-8")
    device = (BROWSER / DEVICE_SCRIPT).read_text(encoding="utf-8")
    (folder / DEVICE_SCRIPT).write_text(shorten(DEVICE_SCRIPT, device), encoding="utf-8")
    for path in (WEB / "icon.svg", recordings / STILL):
        shutil.copy(path, folder)
    for language, page in NAMES.items():
        scripts = ["data.js", DEVICE_SCRIPT, "page.js"]
        if language != "en":
            said = _words(language, sorted({*_texts(data)}), {*_said(modules)})
            _write_script(folder / f"{language}.js", "globalThis.recordedWords = ", said)
            scripts.insert(1, f"{language}.js")
        text = render_page(
            language, NAMES, folder="", sheets=["page.css"], modules=[], scripts=scripts, policy=STATIC_POLICY
        )
        (folder / page).write_text(text, encoding="utf-8")
    for file in _files(index["tracks"]):
        (folder / "media" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(titles / file, folder / "media" / file)


def _answers(index: Mapping[str, Any], lab: Mapping[str, Any]) -> dict[str, Any]:
    offers = [Offer(title["title"], title["name"], title["dummy"], "") for title in index["titles"]]
    answers: dict[str, Any] = {"api/outline": outline(offers), "api/lab": described_lab()}
    answers |= {f"api/titles/{title}": tracks for title, tracks in index["tracks"].items()}
    answers |= {f"api/source/{step.n}": [asdict(source) for source in sources_of(step.n)] for step in STEPS}
    for item in lab["items"]:
        answers[f"api/lab/{item['id']}"] = described_result(EXPERIMENTS[item["id"]], item["tries"], item["ok"])
    return answers


def _message(recording: Mapping[str, Any], n: int, kind: str, address: str) -> tuple[bytes, dict[str, Any]]:
    """Return a message of a run: its bytes, and as the inspector shows them."""
    steps = {step["n"]: step for step in recording["steps"]}
    text = find_message(steps[n], kind) or ""
    data = message_bytes(text, kind)
    if kind == "token":
        return data, inspect_token(text, Context(address, ""), None)
    contents = _contents(recording, Step.SEND_SPC_TO_REGISTER if n < Step.ASK_TO_PLAY else Step.SEND_SPC_TO_PLAY)
    shown = (inspect_spc if kind == "spc" else inspect_ckc)(
        data, Context(address, "", contents, b"", recording["device"]["seed"])
    )
    for layer in shown["layers"]:
        for field in layer["fields"]:
            field["size"] = len(field["hex"]) // 2
            if field["size"] > MAX_HEX:
                field |= {"hex": field["hex"][: 2 * MAX_HEX], "value": f"{field['hex'][: 2 * MAX_HEX]}…"}
    return data, shown


def _contents(recording: Mapping[str, Any], n: int) -> SpcContents:
    """Return what is in the SPC of step `n`, 4 or 11, by its message keys: as its device knew it."""
    spc = next(base64.b64decode(step["request"]["spc"]) for step in recording["steps"] if step["n"] == n)
    texts = recording["device_keys"][f"step {n}"]
    spc_key, dask, mac_key = (bytes.fromhex(texts[name]) for name in ("spc_key", "dask", "mac_key"))
    envelope = read_envelope(spc)
    values = tllv.read_values(envelope.open(spc_key))
    return SpcContents(envelope.version, values, spc_key, DerivedKeys(dask, mac_key))


def _run(name: str, recording: Recording, index: Mapping[str, Any]) -> dict[str, Any]:
    _, title, _ = name.split(".")
    steps = all_steps(recording)
    before = {row["event_id"] for row in recording["log_before"]}
    asked = answer = Step.SEND_SPC_TO_REGISTER
    if title != "dummy":
        asked, answer = Step.SEND_SPC_TO_PLAY, Step.ANSWER_WITH_CKC
    ckc = next((found for step in steps if step["n"] == answer and (found := find_message(step, "ckc"))), None)
    licenses = []
    if ckc:
        key = index["tracks"][title][0]["parts"][0]["key"]  # the titles of this edition have one each
        licenses.append(as_license(base64.b64decode(ckc), _contents(recording, asked), key))
    decided = row_that_binds(recording)
    return {
        "name": name,
        "decided": next((row["device_id"] for row in recording["log_after"] if row["event_id"] == decided), None),
        "steps": [_without_bytes(step) for step in steps],
        "open": [f"{n}.{kind}" for run, n, kind in MESSAGES if run == name],
        "rows": [row for row in recording["log_after"] if row["event_id"] not in before],
        "refusal": index["refusals"].get(name),
        "licenses": licenses,
    }


def _without_bytes(step: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the bytes of messages out of a step: they lie in `messages/`, and the inspector has them."""
    shown = dict(step)
    for half in ("request", "response"):
        if isinstance(shown.get(half), dict):
            shown[half] = {
                name: {"size": len(base64.b64decode(value))} if name in ("spc", "ckc") else value
                for name, value in shown[half].items()
            }
    return shown


def _words(language: str, of_data: Sequence[str], of_page: Collection[str]) -> dict[str, Any]:
    """Return the words of a language: for the page's texts, those that somebody else fills, and what fills them.

    The texts of the data are in data.js already. Their translations come alone, in the order of `of_data`, and 0 for
    a text that has none: with the English beside them a French visit would load it twice.
    """
    known = words(language)
    alone = {
        text: said
        for text, said in sorted(known.texts.items())
        if text not in of_data and (text in of_page or len(text) <= MAX_FILLING)
    }
    return {"texts": alone, "filled": known.filled, "inOrder": [known.texts.get(text, 0) for text in of_data]}


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _said(modules: Mapping[str, str]) -> Iterator[str]:
    """Yield every text that the page's scripts say themselves."""
    for text in modules.values():
        yield from _SAID.findall(text)


def _device(name: str, seed: str, runs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    device_id = next(run["device"]["device_id"] for run in runs.values() if run["device"]["seed"] == seed)
    return {"name": name, "seed": seed, "cookie": COOKIE, "device_id": device_id}


def _files(tracks: Mapping[str, Any]) -> Iterator[str]:
    for of_title in tracks.values():
        for track in of_title:
            for part in track["parts"]:
                yield part["init"]
                yield from part["segments"]


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _write_script(path: Path, before: str, value: Any) -> None:
    # What JSON allows in a text and a script element does not: the file is no element, but may be pasted into one.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    path.write_text(f"{before}{text};\n", encoding="utf-8")
