//! casefile.
pub mod smtp;
pub mod time;
