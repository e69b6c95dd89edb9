//! Models to answers.
//!
//! Sees no bytes of a file, does no input or output, and cannot fail.

pub mod advise;
pub mod budget;
pub mod dependencies;
pub mod diff;
pub mod duplicates;
pub mod generics;
pub mod limit;
pub mod memory;
pub mod nearest;
pub mod tree;
