"""Networks in which every position looks at others: the Transformer, GPT and BERT."""
