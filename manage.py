#!/usr/bin/env python
"""The one entrance for commands: `manage.py up` runs the whole clinic."""

import os
import sys


def main() -> None:
    if sys.argv[1:] == ["up"]:
        # Whoever keeps the others running needs no Django, and stays small without it.
        from clinic import running  # noqa: PLC0415 -- instead of Django

        sys.exit(running.main())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 -- settings first

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
