"""Write openapi.json and docs/api.md from the code: `make api`."""

from tests.api import openapi, page


def main() -> None:
    """Write both."""
    document = openapi.document()
    openapi.FILE.write_text(openapi.text(document))
    page.FILE.write_text(page.page(document))


if __name__ == "__main__":
    main()
