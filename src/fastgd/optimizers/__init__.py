"""What a user constructs: one module for each family of rules."""
