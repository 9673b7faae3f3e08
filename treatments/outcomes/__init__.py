"""Whether it helps: what is measured, how it is scored, what a change means. Pure: no Django, no database, no clock."""
