"""The mathematics: a file for each family of rules. CONTRIBUTING.md says what stands in one, with an example."""
