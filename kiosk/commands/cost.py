"""`recognizeme cost`: what the recognitions cost, and will at this rate."""

from collections import defaultdict

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option, period_options
from kiosk.commands.output import write_json, write_list

_COLUMNS = {"kiosk_id": "kiosk", "rekognition_calls": "calls", "cost_usd": "cost (USD)"}
_DAYS_A_MONTH = 365.25 / 12


@click.command()
@period_options
@api_option
@json_option
def command(since: str | None, until: str | None, api: ApiClient, as_json: bool) -> None:
    """Show the paid Rekognition calls by kiosk, and what a month costs at the rate of the days with visits.

    On a local stack nothing is paid: the figures are what AWS would charge. Storage and requests cost extra.
    """
    stats = api.stats(since=since, until=until)
    calls: dict[str, int] = defaultdict(int)
    usd: dict[str, float] = defaultdict(float)
    for item in stats["items"]:
        calls[item["kiosk_id"]] += item["rekognition_calls"]
        usd[item["kiosk_id"]] += item["cost_usd"]
    days = len({item["day"] for item in stats["items"]})
    total = {"rekognition_calls": stats["total"]["rekognition_calls"], "cost_usd": stats["total"]["cost_usd"]}
    month_usd = total["cost_usd"] / days * _DAYS_A_MONTH if days else 0.0
    rows = [
        {"kiosk_id": kiosk, "rekognition_calls": calls[kiosk], "cost_usd": usd[kiosk]}
        for kiosk in sorted(calls)
    ]
    if as_json:
        for row in rows:
            write_json(row)
        write_json({"kiosk_id": None, **total, "days": days, "month_usd": round(month_usd, 3)})
        return
    write_list([*rows, {"kiosk_id": "total", **total}], _COLUMNS, as_json=False, empty="")
    click.echo(f"\nat this rate a month costs about {month_usd:.2f} USD (days with visits: {days})")
