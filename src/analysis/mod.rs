//! Models to answers.
//!
//! Sees no bytes of a file, does no input or output, and cannot fail.

pub mod diff;
pub mod limit;
pub mod memory;
