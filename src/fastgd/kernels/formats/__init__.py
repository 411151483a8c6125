"""Storage formats: loops that decode n elements into the type that a rule computes in, and encode them again."""
