"""PostgreSQL as Django knows it, with one thing done more cheaply: see `clinic.database.base`."""
