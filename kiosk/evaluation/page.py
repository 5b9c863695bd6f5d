"""The report as one HTML page: no script, no font and no picture from anywhere else; it prints well."""

from collections.abc import Iterable, Sequence
from html import escape

from kiosk.client.bidi import isolated
from kiosk.evaluation.charts import charts
from kiosk.evaluation.drawing import COLOURS, to_svg
from kiosk.evaluation.field import Corrected, Field
from kiosk.evaluation.findings import TurnedAway
from kiosk.evaluation.intervals import Rate
from kiosk.evaluation.rates import Row
from kiosk.evaluation.report import Report, price
from kiosk.evaluation.words import at_most_in_words, percent, rate_in_words, share_in_words, span

_SHOWN = 20
_INKS = "".join(
    f".{ink}{{{'fill' if ink.endswith('-area') else 'stroke'}:{colour}}}" for ink, colour in COLOURS.items()
)
_READING = """<h2>How to read the charts</h2><ul>
<li><b>How alike pictures are</b>: the further apart the two hills, the better. Blue left of the
threshold is turned away, red right of it may be given a name.</li>
<li><b>What each threshold costs</b>: higher is safer against strangers, and turns more people away.</li>
<li><b>The trade-off</b>: the nearer the line to the lower left corner, the better; each of its
points is a threshold.</li>
</ul>"""
_STYLE = f"""
:root{{color-scheme:light;--ink:{COLOURS["ink"]};--faint:{COLOURS["faint"]};--rule:{COLOURS["grid"]}}}
*{{box-sizing:border-box}}
body{{margin:0;background:#f4f6f8;color:var(--ink)}}
body{{font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}}
main{{max-width:72rem;margin:0 auto;padding:1.5rem 1rem 3rem}}
h1{{font-size:1.75rem;line-height:1.2;margin:.2rem 0 .3rem}}
h2{{font-size:1.2rem;margin:0 0 .6rem}}
p{{margin:.4rem 0;max-width:70ch}} small,.faint{{color:var(--faint)}}
section{{background:#fff;border:1px solid var(--rule);border-radius:.6rem;padding:1rem 1.2rem;margin:1rem 0}}
.tiles{{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:1rem;margin:1rem 0}}
.tile{{background:#fff;border:1px solid var(--rule);border-radius:.6rem;padding:.9rem 1.2rem}}
.tile b{{display:block;font-size:1.6rem;line-height:1.25}}
.tile small{{display:block}}
.attention{{border-left:.35rem solid #c2410c}} .good{{border-left:.35rem solid #15803d}}
.charts{{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:1.5rem 2rem}}
figure{{margin:0}}
svg{{width:100%;height:auto;display:block;font-family:inherit}}
.wide{{overflow-x:auto}} .wide+h2{{margin-top:1.4rem}}
table{{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}}
th,td{{text-align:left;padding:.35rem .9rem .35rem 0;border-bottom:1px solid var(--rule);vertical-align:top}}
th{{color:var(--faint);font-weight:600;font-size:.85rem}}
tr.chosen td{{background:#eef5fc;font-weight:600}} td small{{display:block;font-weight:400}}
td{{overflow-wrap:break-word}} td small{{overflow-wrap:anywhere}}
td.s{{white-space:nowrap;overflow-wrap:normal}} td.s small{{white-space:pre}}
ul{{margin:.3rem 0;padding-left:1.2rem}}
{_INKS}
text{{stroke:none!important}} text.ink{{fill:{COLOURS["ink"]}}} text.faint{{fill:{COLOURS["faint"]}}}
polygon.ink{{fill:{COLOURS["ink"]}}} polyline{{fill:none}}
@media(max-width:40rem){{body{{font-size:15px}}main{{padding:1rem .6rem 2rem}}section,.tile{{padding:.8rem}}
table{{font-size:.87rem}}th,td{{padding-right:.45rem}}td small{{font-size:.78rem}}h2{{font-size:1.1rem}}}}
@media print{{body{{background:#fff}}section,.tile{{break-inside:avoid}}}}
"""


def to_html(report: Report) -> str:
    """The whole page."""
    parts = [
        _head(report),
        _tiles(report),
        _wrong_names(report),
        _drawn(report),
        _thresholds(report),
        _gallery(report),
        _people(report),
        _acquire(report),
        _doors(report, report.field) if report.field else "",
        _drift(report),
        _untested(report),
    ]
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Does it work? {escape(report.made_at[:10])}</title><style>{_STYLE}</style>\n<main>"
        + "\n".join(filter(None, parts))
        + "</main></html>\n"
    )


def _head(report: Report) -> str:
    return (
        f'<header><p class="faint">RecognizeMe, {escape(report.made_at[:16].replace("T", " "))} UTC</p>'
        f"<h1>Does it work?</h1><p>{escape(report.source)}: {report.people:,} people, {report.pictures:,}"
        f" pictures, threshold {report.present.threshold_pct:g} %, margin {report.margin_pct:g} %.</p>"
        "</header>"
    )


def _tiles(report: Report) -> str:
    present = report.present
    best = report.suggested
    tiles = [
        _tile(
            share_in_words(present.turned_away.share) if present.turned_away.trials else "not measured",
            "pictures of enrolled people are turned away",
            _sure(present.turned_away),
            is_good=present.turned_away.share < 0.05,
        ),
        _tile(
            share_in_words(present.stranger_named.share),
            "strangers are given a name",
            _sure(present.stranger_named),
            is_good=not present.stranger_named.hits,
        ),
        _tile(
            share_in_words(present.wrong_name.share) if present.wrong_name.trials else "not measured",
            "enrolled people are given another's name",
            _sure(present.wrong_name),
            is_good=not present.wrong_name.hits,
        ),
    ]
    if best is None:
        advice = "No threshold keeps strangers out. Enroll better pictures: frontal, sharp, well lit."
    elif best.threshold_pct == present.threshold_pct:
        advice = f"<b>Keep the threshold of {best.threshold_pct:g}.</b> {_price(best)}"
    else:
        advice = f"<b>Suggested threshold: {best.threshold_pct:g}.</b> {_price(best)}"
    if report.misfiled:
        advice = f"<b>Correct the pictures under a wrong name first.</b> Then: {advice}"
    return f'<div class="tiles">{"".join(tiles)}</div><section><p>{advice}</p></section>'


def _price(row: Row) -> str:
    asked, named = at_most_in_words(row.turned_away.high), at_most_in_words(row.stranger_named.high)
    return f"Its price here: {price(row)} (95 %: {asked} and {named} at most)."


def _tile(number: str, what: str, sure: str, *, is_good: bool) -> str:
    kind = "good" if is_good else "attention"
    return f'<div class="tile {kind}"><b>{number.capitalize()}</b>{what}<small>{sure}</small></div>'


def _sure(rate: Rate) -> str:
    if not rate.trials:
        return "nobody has two usable pictures"
    return (
        f"{rate.hits:,} of {rate.trials:,} pictures of {rate.people:,} people;"
        f" 95 %: {at_most_in_words(rate.high)} at most"
    )


def _wrong_names(report: Report) -> str:
    if not report.misfiled:
        return ""
    rows = [
        (
            _cell(each.picture),
            _cell(report.name(each.person_id), f"{each.own_pct:.2f} % like the nearest of the others"),
            _cell(
                report.name(each.really.person_id),
                f"{each.really.similarity_pct:.2f} % like {each.really.picture}",
            ),
        )
        for each in report.misfiled[:_SHOWN]
    ]
    return _section(
        "Pictures under a wrong name",
        "<p>Each is like somebody else, and unlike its own person. The rates above count them as they are;"
        f" what follows leaves them out. To correct them, {escape(report.remedy)}; then evaluate again.</p>"
        + _table(("picture", "is enrolled as", "looks like"), rows),
        kind="attention",
    )


def _drawn(report: Report) -> str:
    figures = "".join(f"<figure>{to_svg(drawing)}</figure>" for drawing in charts(report))
    return f'<section><div class="charts">{figures}<div>{_READING}</div></div></section>'


def _thresholds(report: Report) -> str:
    rows = []
    for row in report.rows:
        notes = [
            note
            for note, other in (("present", report.present), ("suggested", report.suggested))
            if other is not None and other.threshold_pct == row.threshold_pct
        ]
        cells = [_number(f"{row.threshold_pct:g}", "\n".join(notes))]
        cells += [_rate(rate) for rate in (row.turned_away, row.wrong_name, row.stranger_named)]
        rows.append(tuple(cells))
    chosen = report.rows.index(report.corrected)
    left_out = "<p>Without the pictures under a wrong name.</p>" if report.misfiled else ""
    return _section(
        "What each threshold costs",
        left_out
        + _table(("threshold", "turned away", "another's name", "strangers named"), rows, chosen=chosen)
        + _own_policies(report)
        + '<p class="faint">Below each rate its 95 % interval, by person: people are drawn with replacement,'
        " because pictures of one person are not independent; it reaches at least to where none of so many"
        " people would still be likely.</p>",
    )


def _own_policies(report: Report) -> str:
    if not report.own_policies:
        return ""
    rows = [
        (
            _number(own.kiosk_id),
            _number(f"{own.row.threshold_pct:g}", f"margin {own.margin_pct:g}"),
            *(_rate(rate) for rate in (own.row.turned_away, own.row.wrong_name, own.row.stranger_named)),
        )
        for own in report.own_policies
    ]
    headings = ("door", "threshold", "turned away", "another's name", "strangers named")
    return "<h2>Doors with a threshold of their own</h2>" + _table(headings, rows)


def _gallery(report: Report) -> str:
    rows = [
        (
            _number(f"{each.people:,}", "enrolled now" if each.people == report.people else ""),
            _number(percent(each.share)),
            _number(span(each.low, each.high)),
        )
        for each in report.projections
    ]
    fmr = report.false_match_rate
    measured = f"one comparison in {1 / fmr:,.0f}" if fmr else "no comparison of two people"
    return _section(
        f"What the threshold of {report.present.threshold_pct:g} means for more people",
        "<p>A threshold belongs to a number of people: the more are enrolled, the likelier it is that a"
        f" stranger resembles one of them. Here {measured} passed.</p>"
        + _table(("people", "strangers who pass", "95 % interval"), rows)
        + '<p class="faint">FPIR(N) = 1 - (1 - FMR)^N, without the margin, which lets fewer pass. It takes'
        " comparisons for independent of each other; relatives are not.</p>",
    )


def _people(report: Report) -> str:
    away = [
        (
            _cell(report.name(each.person_id)),
            _number(f"{each.turned_away} of {each.pictures}"),
            _cell(each.worst, why_turned_away(report, each)),
        )
        for each in report.turned_away_most
    ]
    pairs = [
        (
            _number(f"{pair.other.similarity_pct:.2f} %"),
            _cell(report.name(pair.person_id), pair.picture),
            _cell(report.name(pair.other.person_id), pair.other.picture),
        )
        for pair in report.closest_pairs
    ]
    return "".join(
        (
            _section("Who is turned away most", _table(("person", "pictures", "worst picture"), away))
            if away
            else "",
            _section("The closest pairs", _highest(report) + _table(("similarity", "person", "and"), pairs))
            if pairs
            else "",
        )
    )


def _highest(report: Report) -> str:
    stranger = report.highest_strangers[0]
    who, whom = report.name(stranger.person_id), report.name(stranger.other.person_id)
    return (
        f"<p>The highest stranger is {escape(who)}: were they not enrolled, {escape(stranger.picture)} would"
        f" be {stranger.other.similarity_pct:.2f} % like {escape(whom)}.</p>"
    )


def why_turned_away(report: Report, person: TurnedAway) -> str:
    """How alike the worst picture is to the person's own, and to whoever is too close."""
    own = f"{person.own_pct:.2f} % like the nearest of their own"
    if person.rival is None:
        return own
    return f"{own}, {person.rival.similarity_pct:.2f} % like {report.name(person.rival.person_id)}"


def _acquire(report: Report) -> str:
    failed = [each for each in report.unusable if not each.is_copy]
    rows = [
        (_cell(report.name(each.person_id), each.picture), _cell(each.reason)) for each in failed[:_SHOWN]
    ]
    more, copies = len(failed) - len(rows), len(report.unusable) - len(failed)
    return _section(
        "Pictures that could not be used (failure to acquire)",
        f"<p>{rate_in_words(report.acquire)}.</p>"
        + (_table(("picture", "why"), rows) if rows else "")
        + (f"<p>and {more:,} more</p>" if more else "")
        + (f'<p class="faint">Left out as copies of other pictures: {copies:,}.</p>' if copies else ""),
    )


def _doors(report: Report, field: Field) -> str:
    rows = [
        (
            _number(door.kiosk_id, "by night" if door.is_night else "by day"),
            _number(f"{door.visits:,}"),
            _number(f"{door.recognized:,}"),
            _number(f"{door.unknown:,}"),
            _number(f"{door.uncertain:,}"),
            _rate(door.no_face),
            _number(
                "" if door.median_pct is None else f"{door.median_pct:.2f} %",
                "" if door.low_pct is None else f"{door.low_pct:.2f} %",
            ),
            _number(str(door.mistakes)),
        )
        for door in field.doors
    ]
    headings = (
        "door",
        "visits",
        "recognized",
        "unknown",
        "uncertain",
        "no usable face",
        "similarity",
        "mistakes",
    )
    return _section(
        "The doors",
        f"<p>Visits since {escape(field.since[:10])}; day is {field.day}. Who came is known only where"
        " somebody corrected a visit: mistakes are those reported, and there may be more. Similarities are of"
        " the visits recognized: half of them are above the first number, 19 in 20 above the second.</p>"
        + (_table(headings, rows) if rows else "<p>No door saw anybody.</p>")
        + _corrections(report, field.corrected),
    )


def _corrections(report: Report, corrected: Sequence[Corrected]) -> str:
    if not corrected:
        return "<p>Nobody corrected a visit.</p>"
    pct, margin = report.present.threshold_pct, report.margin_pct
    rows = [
        (
            _cell(
                each.captured_at[:16].replace("T", " "),
                f"{each.kiosk_id}, {'night' if each.is_night else 'day'}",
            ),
            _cell("nobody" if each.said is None else report.name(each.said)),
            _cell(report.name(each.really)),
            _cell(each.mistake),
        )
        for each in corrected[:_SHOWN]
    ]
    judged = [(each.is_right_at(pct, margin), each) for each in corrected]
    known = [is_right for is_right, _ in judged if is_right is not None]
    sentence = (
        f"<p>Decided again with the threshold of {pct:g}, {sum(known)} of {len(known)} would be right.</p>"
        if known
        else ""
    )
    return (
        "<h2>Corrected visits</h2>"
        + _table(("when (UTC)", "was said", "was really", "mistake"), rows)
        + sentence
    )


_CHANGED = {
    "turned_away": "turned away",
    "wrong_name": "another's name",
    "stranger_named": "strangers named",
    "acquire": "pictures that cannot be used",
}


def _drift(report: Report) -> str:
    if report.changes is None:
        return ""
    rows = [
        (
            _cell(_CHANGED[change.what]),
            _number(percent(change.before)),
            _number(percent(change.now)),
            _cell(verdict_of(change.before, change.now, is_clear=change.is_clear)),
        )
        for change in report.changes
    ]
    return _section(
        f"Since the report of {escape((report.compared_with or '')[:10])}",
        _table(("rate", "then", "now", ""), rows),
    )


def verdict_of(before: float, now: float, *, is_clear: bool) -> str:
    """What a change means."""
    if before == now:
        return "the same"
    if not is_clear:
        return "no more than chance may do"
    return "worse" if now > before else "better"


def _untested(report: Report) -> str:
    items = "".join(f"<li>{escape(each)}</li>" for each in report.not_tested)
    return _section("What was not tested", f"<ul>{items}</ul>")


def _section(title: str, content: str, *, kind: str = "") -> str:
    return f'<section class="{kind}"><h2>{escape(title)}</h2>{content}</section>'


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, chosen: int | None = None) -> str:
    body = [
        f"<tr{' class=chosen' if index == chosen else ''}>{''.join(cells)}</tr>"
        for index, cells in enumerate(rows)
    ]
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(body)}</table></div>'


def _cell(text: str, below: str = "") -> str:
    return f"<td>{_with(text, below)}</td>"


def _number(text: str, below: str = "") -> str:
    return f'<td class="s">{_with(text, below)}</td>'


def _rate(rate: Rate) -> str:
    if not rate.trials:
        return '<td class="s">-</td>'
    return _number(percent(rate.share), span(rate.low, rate.high))


def _with(text: str, below: str) -> str:
    return escape(isolated(text)) + (f"<small>{escape(isolated(below))}</small>" if below else "")
