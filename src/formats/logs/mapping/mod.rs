//! Mappings: delivery event logs read as a YAML file says, without code.

mod check;
mod cut;
mod encoding;
mod engine;
mod json;
mod pattern;
mod plan;
mod raw;
mod record;
mod shape;
mod time;
