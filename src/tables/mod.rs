//! CSV tables, written only from a release.

mod csv;
mod datapackage;
mod excerpts;

pub use csv::csv;
pub use datapackage::datapackage;
pub use excerpts::excerpts_index;
