//! Events to counts that merge by addition.
