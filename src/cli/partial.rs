//! A file in the making: complete when it is in its place, and gone if it never gets there.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is being written. There is one at a time.
static CURRENT: Mutex<Option<PathBuf>> = Mutex::new(None);

fn current() -> MutexGuard<'static, Option<PathBuf>> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file beside its place. Dropped before it is complete, or when a signal ends the program, it is removed.
pub(super) struct Partial {
    place: PathBuf,
}

impl Partial {
    /// A new file that is to replace what is at `place`.
    ///
    /// *Errors*: it cannot be made, or somebody else's file has its name; that one stays.
    pub fn beside(place: &Path) -> io::Result<(Partial, File)> {
        signals::watch();
        let mut name = place.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.partial", std::process::id()));
        let path = place.with_file_name(name);
        // A signal finds either no file or one that it knows of.
        let mut current = current();
        let file = File::create_new(&path)?;
        *current = Some(path);
        Ok((Partial { place: place.to_path_buf() }, file))
    }

    /// Moves it to its place.
    pub fn complete(self) -> io::Result<()> {
        let mut current = current();
        let Some(path) = current.as_ref() else { return Ok(()) };
        fs::rename(path, &self.place)?;
        *current = None;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        remove(&mut current());
    }
}

fn remove(current: &mut Option<PathBuf>) {
    // If it cannot be removed, nor could the user be told anything better than that writing failed.
    current.take().map(fs::remove_file);
}

#[cfg(unix)]
mod signals {
    use std::sync::Once;
    use std::thread;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    /// From now on, a signal that ends the program removes what is being written first.
    ///
    /// Without it, where that fails, signals do what they always do.
    pub(super) fn watch() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let wanted = [SIGHUP, SIGINT, SIGTERM, SIGXFSZ].into_iter().filter(|&signal| !is_ignored(signal));
            let Ok(mut signals) = Signals::new(wanted) else { return };
            let wait = move || {
                for signal in signals.forever() {
                    // Of a file that may not grow any more, the next write tells.
                    if signal != SIGXFSZ {
                        let mut current = super::current();
                        super::remove(&mut current);
                        // Held until the end: nothing is begun any more.
                        let _ = emulate_default_handler(signal);
                    }
                }
            };
            // Nobody waits for it.
            let _ = thread::Builder::new().name("signals".to_string()).spawn(wait);
        });
    }

    /// Whether whoever started the program has it ignore a signal, as `nohup` does. Where the system does not say,
    /// nothing is ignored.
    fn is_ignored(signal: i32) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
    }
}

#[cfg(not(unix))]
mod signals {
    /// Elsewhere programs are ended without being asked.
    pub(super) fn watch() {}
}
