"""A run whose every text was written by somebody who means harm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson

from mathevalkit.runs.journal import GENERATIONS, Journal
from mathevalkit.runs.results import Results
from mathevalkit.scoring.tally import Breakdown
from mathevalkit.tasks.rows import fingerprint
from mathevalkit.types import OUTCOMES, ModelInfo, Sample, ScoredCompletion
from tests.factories import completion, manifest
from tests.run_folders import TASK

SENTINEL = "window.harmed=(window.harmed||0)+1;document.title='harmed'"


def payloads(listener: str) -> list[str]:
    """Texts that run, fetch, break out, reorder or exhaust wherever they are not shown as what they are.

    Args:
        listener: base of an address that notices every request.
    """
    return [
        f"</script><script>{SENTINEL}</script>",
        f"</SCRIPT ><svg/onload={SENTINEL}>",
        f"<!--<script>{SENTINEL}//-->",
        f'<img src="{listener}/img" onerror="{SENTINEL}">',
        f'"><iframe src="{listener}/frame" srcdoc="<script>parent.{SENTINEL}</script>"></iframe>',
        f"' onmouseover=\"{SENTINEL}\" autofocus onfocus={SENTINEL} x='",
        f'<a href="javascript:{SENTINEL}">here</a> javascript:{SENTINEL}',
        f'<link rel=stylesheet href="{listener}/css"><style>@import "{listener}/import";</style>',
        f'<meta http-equiv="refresh" content="0;url={listener}/refresh"><base href="{listener}/">',
        f'<math><maction actiontype="statusline#{listener}/m" xlink:href="javascript:{SENTINEL}">x</maction>',
        f"<svg><script>{SENTINEL}</script><foreignObject><img src={listener}/svg onerror={SENTINEL}></svg>",
        rf"$\href{{javascript:{SENTINEL}}}{{x}}$ and $\style{{background:url({listener}/tex)}}{{y}}$",
        rf"$\text{{</math><img src={listener}/text onerror={SENTINEL}>}}$",
        rf"\[\mbox{{<script>{SENTINEL}</script>}}\] $\unicode{{x3c}}script$",
        r"$\newcommand{\a}{\b\b\b\b\b\b\b\b}\newcommand{\b}{\a\a\a\a\a\a\a\a}\a$",
        "$" + "{" * 400 + "x" + "}" * 400 + "$ $" + r"\left(" * 150 + "$ $" + "^{" * 300 + "$",
        "$x$ " * 3000 + "$" * 999 + r"\[" * 2000 + "[asy]" * 500,
        r"$\hspace{99999em}\rule{9999em}{9999em}\raise 999em{x}$",
        "\u202etxt.exe\u202c \u2066isolated\u2069 \u200bzero\ufeff",
        "\x1b[2J\x1b]0;harmed\x07\x1b[31mred\x00\x08\x9b2J\r\n",
        "{{7*7}} {% raw %} ${7*7} #{7*7} {{ config }} {{ ''.__class__ }}",
        f'=HYPERLINK("{listener}/csv","x")',
        "+1+cmd|'/c calc'!A0",
        "@SUM(1+1)*cmd|' /C calc'!A0",
        r"\input{/etc/passwd} \write18{touch harmed} \end{tabular} & % ^^5c ~ # $",
        "[link](javascript:alert(1)) ![i](http://example.org/i.png) | a | b |\n# heading @user <b>",
        "\u2028\u2029 \\u003c/script\\u003e \\",
        "A" * 1_000_000 + f"<img src={listener}/long>",
        "\ud800 lone",
    ]


def write_hostile_run(root: Path, listener: str, *, name: str = "hostile") -> Path:
    """A run in which every text, id, subject, level, name and reason is one of ``payloads``."""
    texts = payloads(listener)
    small = [text[:3000] for text in texts]
    samples = [
        Sample(
            id=f"{i} {small[i % 26][:200]}",
            question=texts[i] if "\ud800" not in texts[i] else "lone",
            gold=small[(i + 3) % 26],
            subject=small[(i // 3) % 26][:300],
            level=small[(i // 5 + 7) % 26][:300],
        )
        for i in range(len(texts))
    ]
    folder = root / "task"
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{f: getattr(s, f) for f in ("id", "question", "gold", "subject", "level")} for s in samples]
    (folder / "handmade.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    task = folder / "handmade.yaml"
    task.write_text(TASK.replace("NAME", "handmade"))
    base = manifest()
    facts = replace(
        base,
        run_id="20260101T000000Z-aaaaaa",
        identity={"model": {"name": name}},
        model=ModelInfo(
            model=f"{texts[0]}/{name} {texts[3]}", backend=texts[3], backend_version=texts[0], dtype=texts[1]
        ),
        task="handmade",
        task_title=f"Title {texts[0]} {texts[3]} {texts[24]} {texts[25]} {texts[18]}",
        task_path=str(task),
        data_fingerprint=fingerprint(samples),
        data_origin=texts[7],
        num_samples=len(samples),
        recipe=replace(base.recipe, name=texts[4], origin=texts[3]),
        recipe_reason=texts[0] + texts[20],
    )
    run = root / name / "handmade" / "20260101T000000Z-aaaaaa"
    breakdown = Breakdown({sample.id: sample for sample in samples})
    with Journal.create(run, facts) as journal:
        journal.start_verdicts(["auto"])
        for i, sample in enumerate(samples):
            text = texts[i]
            outcome = OUTCOMES[(i + len(name)) % 5]
            journal.append(completion(sample.id, text=text, finish_reason="length" if i % 7 == 0 else "stop"))
            breakdown.add(sample.id, outcome)
            journal.append_verdict(
                "auto",
                ScoredCompletion(
                    sample_id=sample.id,
                    k=0,
                    outcome=outcome,
                    answer=small[(i + 1) % 29],
                    span=(0, min(len(text), 40)) if i % 2 else None,
                    rule=small[i % 26][:200],
                    stage=small[(i + 5) % 26][:200],
                    reason=small[(i + 2) % 26],
                ),
            )
        journal.finish(
            Results(
                schema_version=1,
                run_id=facts.run_id,
                model=facts.model.model,
                task=facts.task,
                recipe=facts.recipe.name,
                scorer="auto",
                overall=breakdown.overall.group("overall"),
                by_subject=breakdown.by_subject(),
                by_level=breakdown.by_level(),
                by_subject_level=breakdown.by_subject_level(),
                other_scorers={texts[3]: breakdown.overall.accuracy()},
                prompt_tokens=1,
                completion_tokens=1,
                seconds={},
            )
        )
    assert (run / GENERATIONS).stat().st_size > 1_000_000
    return run
