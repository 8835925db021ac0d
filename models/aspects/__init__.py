"""Finding the nouns that name the aspects of a product."""
