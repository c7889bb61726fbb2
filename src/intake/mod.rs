//! Bytes to records: sources, decompression, what was skipped and why.
