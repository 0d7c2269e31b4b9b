"""Numbers in, numbers out: one method a module, each with its source. Knows NumPy and nothing of ours."""
