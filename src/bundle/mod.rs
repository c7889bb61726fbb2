//! What leaves the house: entries, manifest, leak gate, zip, publishing and verifying.
