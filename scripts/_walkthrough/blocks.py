"""The blocks that show a recorded run: the diagram, the steps, the log, the scenarios and the lab."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from _markdown import table

from walkthrough.experiments import CHAPTERS, EXPERIMENTS
from walkthrough.glossary import GLOSSARY
from walkthrough.record.recorded import Recording
from walkthrough.record.recording import row_that_binds, shorten
from walkthrough.record.steps import LIFELINES, STEPS

MERMAID_NAMES = dict(zip(LIFELINES, "CSEL", strict=True))
UNTOLD: Mapping[str, tuple[int, ...]] = {"response": (2, 4, 9, 11), "decision": (0, 2, 3, 9)}
"""Members of a recorded step that a reader can do without: what a later step shows, or the request repeated."""
MAX_VALUE = 72
"""Characters of a value in a shown request or response."""


@dataclass(frozen=True)
class Material:
    """What blocks are made from: recordings (the first as bytes too), the exercises' terminal, a language's words."""

    name: str
    recording: Recording
    lab: Mapping[str, Any]
    data: bytes
    exercises: Mapping[str, str]
    say: Callable[[str], str]

    @property
    def steps(self) -> dict[int, Mapping[str, Any]]:
        """The steps by number, step 0 with them."""
        return {step["n"]: step for step in (self.recording["prelude"], *self.recording["steps"])}


Maker = Callable[[Material, str], str]


def summary_of(source: Material, n: int) -> str:
    """Return the recorded summary of a step in the page's language: its template's words change, its values stay."""
    template = STEPS[n].summary
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(template))
    recorded = source.steps[n]["summary"]
    values = re.fullmatch(pattern, recorded)
    if values is None:
        raise ValueError(f"step {n}: expected a summary like {template!r}, found {recorded!r}. Record again.")
    found = {name: source.say(value) if name == "verdict" else value for name, value in values.groupdict().items()}
    return source.say(template).format_map(found)


def _diagram(source: Material, _: str) -> str:
    lines = ["```mermaid", "sequenceDiagram"]
    lines += [f"    participant {short} as {source.say(name)}" for name, short in MERMAID_NAMES.items()]
    for n, step in source.steps.items():
        sender, receiver = MERMAID_NAMES[step["from"]], MERMAID_NAMES[step["to"]]
        text = f"{n} {summary_of(source, n)}".replace(";", ",").replace("#", "")
        arrow = "-->>" if STEPS[n].answers else "->>"
        lines.append(
            f"    Note over {sender}: {text}" if sender == receiver else f"    {sender}{arrow}{receiver}: {text}"
        )
    return "\n".join([*lines, "```"])


def _step(source: Material, argument: str) -> str:
    n = int(argument)
    step, say = source.steps[n], source.say
    parties = list(dict.fromkeys((step["from"], step["to"])))
    lines = [f"### {say('Step')} {n} · {' → '.join(map(say, parties))}", "", say(STEPS[n].why), ""]
    told = f"*{summary_of(source, n)}*"
    lines += [told + (f" · `{step['method']} {step['url']}` → **{step['status']}**" if "method" in step else "")]
    members = {"request": step.get("request"), "response": step.get("response"), "decision": step.get("decision")}
    for name, value in members.items():
        if value and n not in UNTOLD.get(name, ()):
            lines += ["", f"{say(name)}{say(':')}", "", "```json", _json(value), "```"]
    facts = " ".join(f"**{say(party)}**{say(':')} {say(fact)}." for party, fact in step["knows"].items())
    return "\n".join([*lines, "", f"{say('What each party now knows')}{say(':')} {facts}"])


def _json(value: Any) -> str:
    """Return an object with one line for each member."""
    members = (f"  {json.dumps(name)}: {json.dumps(_cut(part), ensure_ascii=False)}" for name, part in value.items())
    return "{\n" + ",\n".join(members) + "\n}"


def _cut(value: Any) -> Any:
    """Shorten long strings in the middle, whose end tells tokens apart."""
    match value:
        case dict():
            return {name: _cut(part) for name, part in value.items()}
        case list():
            return [_cut(part) for part in value]
        case str() if len(value) > MAX_VALUE:
            return f"{value[: MAX_VALUE - 8]}…{value[-7:]}"
    return value


def _log(source: Material, argument: str) -> str:
    rows = source.recording["log_before"] if argument == "before" else source.recording["log_after"]
    if not rows:
        return f"> {source.say('The log has no row for this cookie.')}"
    binds = row_that_binds(source.recording)
    lines = [
        (
            row["event_id"],
            *(f"`{shorten(str(text), 12)}`" for text in (row["cookie"], row["device_id"], row["content_id"])),
            json.dumps(row["registration"]),
            row["result"],
            f"← {source.say('this row binds')}" if row["event_id"] == binds else "",
        )
        for row in rows
    ]
    return table(["event_id", "cookie", "device_id", "content_id", "registration", "result", ""], lines)


def _scenarios(source: Material, _: str) -> str:
    head = [source.say("what was tried"), source.say("what came of it")]
    chapters = {chapter.name for chapter in CHAPTERS}
    items = [item for item in source.recording["scenarios"] if item["name"] not in chapters]
    return table(head, [(source.say(item["name"]), f"`{item['actual']}`") for item in items])


def _tries(source: Material, argument: str) -> str:
    item = next(item for item in source.lab["items"] if item["id"] == argument)
    head = ["", source.say("what was tried"), source.say("what came of it")]
    rows = enumerate(item["tries"], 1)
    return table(head, [(number, source.say(one["what"]), f"`{one['outcome']}`") for number, one in rows])


def _of_experiment(attribute: str) -> Maker:
    def make(source: Material, argument: str) -> str:
        text: str = getattr(EXPERIMENTS[argument], attribute)
        return source.say(text)

    return make


def _glossary(source: Material, argument: str) -> str:
    """Return the terms named, or all of them."""
    terms = argument.split(", ") if argument else GLOSSARY
    head = [source.say("word"), source.say("what it is")]
    return table(head, [(f"**{source.say(term)}**", source.say(GLOSSARY[term])) for term in terms])


def _value(source: Material, argument: str) -> str:
    """Return one value of the recording by its path, such as `device.device_id`."""
    value: Any = source.recording
    for name in argument.split("."):
        value = value[name]
    return str(value)


MAKERS: Mapping[str, Maker] = {
    "diagram": _diagram,
    "step": _step,
    "log": _log,
    "scenarios": _scenarios,
    "glossary": _glossary,
    "tries": _tries,
    "lab-title": _of_experiment("name"),
    "lab-question": _of_experiment("question"),
    "lab-reason": _of_experiment("why"),
    "value": _value,
    "recording": lambda source, _: source.name,
    "console": lambda source, name: source.exercises[name].strip(),
}
