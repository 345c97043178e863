"""The whole product at the size of the real corpus: steps, their results, and the tables made of them."""
