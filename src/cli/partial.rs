//! A file in the making: complete when it is in its place, and gone if it never gets there.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is being written. There is one at a time.
static CURRENT: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Names that are tried if others are taken.
const MOST: u32 = 100;

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
    /// Files of that name that somebody else left stay.
    ///
    /// *Errors*: it cannot be made.
    pub fn beside(place: &Path) -> io::Result<(Partial, File)> {
        signals::watch();
        // A signal finds either no file or one that it knows of.
        let mut current = current();
        let mut number = 0;
        loop {
            let mut name = place.file_name().unwrap_or_default().to_os_string();
            name.push(format!(".{}.{number}.partial", std::process::id()));
            let path = place.with_file_name(name);
            match File::create_new(&path) {
                // In containers process numbers are the same again and again.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < MOST => number += 1,
                made => {
                    let file = made?;
                    *current = Some(path);
                    return Ok((Partial { place: place.to_path_buf() }, file));
                }
            }
        }
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
    use std::sync::{Once, mpsc};
    use std::thread;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU, SIGXFSZ};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    /// From now on, a signal that ends the program removes what is being written first.
    ///
    /// Where that cannot be had, signals do what they always do.
    pub(super) fn watch() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let (ready, is_ready) = mpsc::channel::<()>();
            // Caught from within: if there can be no thread, nothing is caught.
            let watch = move || {
                let Ok(mut signals) = Signals::new(heeded()) else { return };
                drop(ready);
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
            if thread::Builder::new().name("signals".to_string()).spawn(watch).is_ok() {
                // Nothing is sent: the end of the sender says it.
                let _ = is_ready.recv();
            }
        });
    }

    /// Signals that whoever started the program does not have it ignore, as `nohup` has it, and shells have it for what
    /// runs in the background. Where the system does not say which, those that may be are left alone.
    fn heeded() -> Vec<i32> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        match mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()) {
            Some(mask) => {
                let all = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU, SIGXFSZ];
                all.into_iter().filter(|signal| mask >> (signal - 1) & 1 == 0).collect()
            }
            None => vec![SIGTERM, SIGXCPU, SIGXFSZ],
        }
    }
}

#[cfg(not(unix))]
mod signals {
    /// Elsewhere programs are ended without being asked.
    pub(super) fn watch() {}
}
