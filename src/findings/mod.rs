//! What the evidence shows.
