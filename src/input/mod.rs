//! Bytes to analyse: a mapped file or a buffer.
//!
//! Knows nothing of formats. Holds the only `unsafe` of the crate.

pub mod companion;

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The most bytes of a pipe, or of anything else that cannot be mapped: all of them lie in memory.
const STREAM_LIMIT: u64 = 2 << 30;

/// The bytes of one file and the name it was asked for by.
#[derive(Debug)]
pub struct Input {
    path: PathBuf,
    origin: Origin,
    bytes: Bytes,
    /// The part that was asked for; everything if `None`.
    part: Option<Range<usize>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A file, which has a folder that others lie in.
    File,
    /// A pipe or a buffer: the path is only what it is called.
    Stream,
}

#[derive(Debug)]
enum Bytes {
    Mapped(memmap2::Mmap),
    Owned(Vec<u8>),
}

impl Input {
    /// Opens a file and maps it into memory; `-` reads standard input instead.
    ///
    /// Symbolic links are followed, as the caller named them. What cannot be
    /// mapped (a pipe) is read to its end, which must come within 2 GiB; a directory or a device is refused.
    ///
    /// *Errors*: [`Error::Open`].
    pub fn open(path: &Path) -> Result<Input, Error> {
        if path == Path::new("-") {
            let fail = |source| Error::Open { path: path.to_path_buf(), source };
            let bytes = read_all(io::stdin().lock(), STREAM_LIMIT).map_err(fail)?;
            return Ok(Input {
                path: path.to_path_buf(),
                origin: Origin::Stream,
                bytes: Bytes::Owned(bytes),
                part: None,
            });
        }
        Input::open_if(path, |meta| meta.is_file() || is_pipe(meta))
    }

    /// Opens a regular file and maps it into memory; nothing else is opened, not even a pipe.
    ///
    /// *Errors*: [`Error::Open`].
    pub(crate) fn open_regular(path: &Path) -> Result<Input, Error> {
        Input::open_if(path, std::fs::Metadata::is_file)
    }

    fn open_if(path: &Path, may_open: impl Fn(&std::fs::Metadata) -> bool) -> Result<Input, Error> {
        let fail = |source| Error::Open { path: path.to_path_buf(), source };
        // Asked before opening: opening a device or a FIFO can block or act.
        let meta = std::fs::metadata(path).map_err(fail)?;
        if meta.is_dir() {
            return Err(fail(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory")));
        }
        if !may_open(&meta) {
            return Err(fail(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")));
        }
        let file = File::open(path).map_err(fail)?;
        let bytes = if meta.len() > 0 { map(&file).map(Bytes::Mapped).ok() } else { None };
        let bytes = match bytes {
            Some(mapped) => mapped,
            None => Bytes::Owned(read_all(file, STREAM_LIMIT).map_err(fail)?),
        };
        let origin = if meta.is_file() { Origin::File } else { Origin::Stream };
        Ok(Input { path: path.to_path_buf(), origin, bytes, part: None })
    }

    /// Takes bytes that are in memory already.
    pub fn from_bytes(name: impl Into<PathBuf>, bytes: Vec<u8>) -> Input {
        Input { path: name.into(), origin: Origin::Stream, bytes: Bytes::Owned(bytes), part: None }
    }

    /// The same file as if it were only these bytes of it, cut where they end.
    pub fn part(self, range: Range<u64>) -> Input {
        let len = self.bytes().len();
        let base = self.part.as_ref().map_or(0, |part| part.start);
        let clip = |offset: u64| usize::try_from(offset).map_or(len, |o| o.min(len));
        let start = clip(range.start);
        let end = clip(range.end).max(start);
        Input { part: Some(base + start..base + end), ..self }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        let all: &[u8] = match &self.bytes {
            Bytes::Mapped(map) => map,
            Bytes::Owned(bytes) => bytes,
        };
        match &self.part {
            Some(part) => &all[part.clone()],
            None => all,
        }
    }

    /// Says that these bytes will hardly be looked at any more: what holds them in memory is free for
    /// others. They can be read as before, and come from the file again.
    pub(crate) fn release(&self, range: Range<u64>) {
        let Bytes::Mapped(map) = &self.bytes else { return };
        let base = self.part.as_ref().map_or(0, |part| part.start) as u64;
        let offset =
            |pos: u64| usize::try_from(base.saturating_add(pos)).map_or(map.len(), |o| o.min(map.len()));
        let (start, end) = (offset(range.start), offset(range.end));
        if start < end {
            forget(map, start, end - start);
        }
    }

    /// The path of the file, unless it came from a pipe or a buffer.
    pub fn file(&self) -> Option<&Path> {
        (self.origin == Origin::File).then_some(self.path.as_path())
    }

    /// The path as given.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads to the end, which must come within `limit` bytes.
fn read_all(from: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more tells that there are more.
    from.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 <= limit {
        return Ok(bytes);
    }
    let text = format!("it is a pipe or the like and goes on after {limit} bytes: pass a file");
    Err(io::Error::new(io::ErrorKind::FileTooLarge, text))
}

#[cfg(unix)]
fn is_pipe(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    meta.file_type().is_fifo()
}

#[cfg(not(unix))]
fn is_pipe(_: &std::fs::Metadata) -> bool {
    false
}

#[expect(unsafe_code, reason = "mapping a file is unsafe by nature; the reason it is sound here is below")]
fn map(file: &File) -> io::Result<memmap2::Mmap> {
    // SAFETY: the map is private and read-only, and is only ever read as plain
    // bytes. If another process changes the file meanwhile, values differ
    // between reads (no reader relies on reading the same value twice for memory
    // safety: all access is bounds-checked); if it is truncated, access raises
    // SIGBUS, which ends the process without corrupting anything.
    unsafe { memmap2::Mmap::map(file) }
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the system is told of memory; the reason it is sound here is below")]
fn forget(map: &memmap2::Mmap, start: usize, len: usize) {
    // SAFETY: the map is of a file and nobody writes to it, so the pages that are dropped are read
    // from the file again when they are next looked at.
    let done = unsafe { map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, start, len) };
    // A system that does not take the hint keeps the memory.
    let _ = done;
}

#[cfg(not(unix))]
fn forget(_: &memmap2::Mmap, _: usize, _: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_and_a_missing_file_are_refused_by_name() {
        let error = Input::open(Path::new(".")).unwrap_err();
        assert_eq!(error.to_string(), "failed to read `.`");
        assert!(Input::open(Path::new("no/such/file")).is_err());
    }

    #[test]
    fn a_stream_without_end_is_refused() {
        let error = read_all(io::repeat(0), 1000).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read_all(io::repeat(7).take(1000), 1000).unwrap(), [7; 1000]);
    }

    #[test]
    fn a_part_never_leaves_the_file() {
        let whole = || Input::from_bytes("x", (0..10).collect());
        assert_eq!(whole().part(2..5).bytes(), [2, 3, 4]);
        assert_eq!(whole().part(2..9).part(1..3).bytes(), [3, 4]);
        assert_eq!(whole().part(8..u64::MAX).bytes(), [8, 9]);
        assert!(whole().part(20..30).bytes().is_empty());
    }

    #[test]
    fn a_file_and_a_buffer_give_the_same_bytes() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let mapped = Input::open(&path).unwrap();
        let owned = Input::from_bytes("Cargo.toml", std::fs::read(&path).unwrap());
        assert_eq!(mapped.bytes(), owned.bytes());
    }
}
