"""Plans: the decision table as a pure function, its guardrails, and the saved form."""
