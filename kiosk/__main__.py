"""`python -m kiosk`: the same as `recognizeme`."""

from kiosk.cli import main

main(prog_name="recognizeme")
