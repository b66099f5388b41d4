"""How a model that predicts one token at a time is made to answer with a sequence of them."""
