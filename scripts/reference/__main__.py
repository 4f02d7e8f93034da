import sys

from scripts.reference import commands_page, errors_page, event_schemas, events_page, schema_page

PAGES = {
    "commands.md": commands_page.page,
    "errors.md": errors_page.page,
    "event-schemas.json": event_schemas.page,
    "events.md": events_page.page,
    "schema.md": schema_page.page,
}

if __name__ == "__main__":
    sys.stdout.write(PAGES[sys.argv[1]]())
