"""Migration operations that are carried out together, so that the models are rendered once for all of them.

While Django migrates it keeps every model rendered, and after each operation renders anew what the operation touched
and all that is related to it: here nearly everything, each time (docs/adr/0051). `Together` renders once. Each of its
operations is told of the models as they are before the first and after the last, so a table that it makes gets all its
fields, indexes and constraints in its CreateModel, never beside it.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class Together(SeparateDatabaseAndState):
    """Forwards at once; backwards as Django does it, one operation after the other."""

    serialization_expand_args = ["operations"]

    def __init__(self, operations: list[Operation]) -> None:
        super().__init__(database_operations=operations, state_operations=operations)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__qualname__, [], {"operations": self.database_operations}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        vars(state).pop("apps", None)  # models that are not rendered need no rendering anew
        super().state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for operation in self.database_operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return "; ".join(operation.describe() for operation in self.database_operations)
