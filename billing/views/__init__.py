"""Billing's pages, by noun."""
