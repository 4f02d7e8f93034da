import sys

from scripts.reference import commands_page, errors_page, events_page, schema_page

PAGES = {
    "commands": commands_page.page,
    "errors": errors_page.page,
    "events": events_page.page,
    "schema": schema_page.page,
}

if __name__ == "__main__":
    sys.stdout.write(PAGES[sys.argv[1]]())
