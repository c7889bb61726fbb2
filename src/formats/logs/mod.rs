//! MTA logs.
