"""What scripts/vectors writes: the vectors of SPC, CKC, token and redemption, and their test keys."""
