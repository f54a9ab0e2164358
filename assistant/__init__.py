"""Question → cited answer. Importing it loads nothing heavy."""

from index.errors import BudgetError

__all__ = ["BudgetError"]
