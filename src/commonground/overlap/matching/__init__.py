"""Which datasets are about the same, and about which subject: texts, words, meaning, weights. Pure."""
