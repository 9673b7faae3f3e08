"""Our figures beside the raw limit; never part of the tests."""
