//! How many threads work, and whether the first is one of them.

use anyhow::Result;
use rayon::ThreadPoolBuilder;

use super::error::CliError;

/// What the thread does that calls [`start`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// It asks for work and takes part in it: that saves a thread with a stack and a heap of its own.
    Works,
    /// It waits for people, and others ask for work.
    #[cfg(feature = "tui")]
    Waits,
}

/// Starts as many threads as are asked for, or one for each processor if that is 0.
///
/// *Errors*: the system gives no thread, or there are some already.
pub(super) fn start(threads: usize, caller: Caller) -> Result<()> {
    let pool = ThreadPoolBuilder::new().num_threads(threads);
    let started = match caller {
        Caller::Works => pool.use_current_thread().build_global(),
        #[cfg(feature = "tui")]
        Caller::Waits => pool.build_global(),
    };
    started.map_err(|error| CliError::new("failed to start threads").with_source(error).into())
}
