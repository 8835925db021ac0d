"""Mathematics: tensors and strings in, tensors and strings out."""
