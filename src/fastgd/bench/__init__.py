"""What `python -m fastgd bench`, the asv suite and the report share: rows, peers, limits and paired runs."""
