"""The words that names here are made of: where a misspelt word finds the right one."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class NameWord(models.Model):
    """A distinct word of somebody's name with its deletion keys; kept by trigger (docs/algorithms/name-search.md)."""

    word = models.TextField(primary_key=True, db_collation="C")
    keys = ArrayField(models.TextField())

    class Meta:
        indexes: ClassVar = [GinIndex(fields=["keys"], name="name_word_keys", fastupdate=False)]

    def __str__(self) -> str:
        return self.word
