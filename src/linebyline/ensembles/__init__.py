"""Many models that answer as one: trees, bagging, forests, boosting, votes and stacks."""
