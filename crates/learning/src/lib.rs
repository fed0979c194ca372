//! What staff say about verdicts: kept for good, and turned into small bounded shifts of the cuts.
