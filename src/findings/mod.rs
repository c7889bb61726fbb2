//! What the evidence shows: facts, each with what it rests on. No I/O, no clock.

mod facts;

pub use facts::{Evidence, Fact, Node, Value, grouped, number};
