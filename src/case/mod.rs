//! What is asked: case.yaml as typed, then as meant.
