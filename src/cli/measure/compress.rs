//! Sizes of a file once compressed, which is how it travels.
//!
//! gzip is built in, at its best level. Compressors of the other formats are large, so the
//! programs `zstd` and `brotli` are asked where they are installed.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use crate::cli::error::CliError;

/// Bytes of a file by compressor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli) struct Compressed {
    /// By gzip at level 9.
    pub gzip: u64,
    /// By `zstd -19`, if it is installed.
    pub zstd: Option<u64>,
    /// By `brotli -q 11`, if it is installed.
    pub brotli: Option<u64>,
}

/// Compresses a file in every way there is, and that is not `known`.
pub(in crate::cli) fn compress(path: &Path, known: Option<Compressed>) -> Result<Compressed> {
    let failed = |error| CliError::new(format!("failed to compress `{}`", path.display())).with_source(error);
    let zstd = || by_program("zstd", &["-19", "-q", "-c", "--"], path);
    let brotli = || by_program("brotli", &["-q", "11", "-c", "--"], path);
    Ok(Compressed {
        gzip: known.map_or_else(|| gzip(path).map_err(failed), |known| Ok(known.gzip))?,
        zstd: known.and_then(|known| known.zstd).or_else(zstd),
        brotli: known.and_then(|known| known.brotli).or_else(brotli),
    })
}

/// A writer that only counts.
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn gzip(path: &Path) -> io::Result<u64> {
    let mut encoder = GzEncoder::new(Count(0), Compression::best());
    io::copy(&mut File::open(path)?, &mut encoder)?;
    Ok(encoder.finish()?.0)
}

/// Bytes that a program writes. `None` if it is not installed, or fails.
fn by_program(program: &str, arguments: &[&str], path: &Path) -> Option<u64> {
    let mut command = Command::new(program);
    command.args(arguments).arg(path).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut stdout = child.stdout.take()?;
    let counted = count(&mut stdout);
    drop(stdout);
    let succeeded = child.wait().ok()?.success();
    counted.ok().filter(|_| succeeded)
}

fn count(from: &mut impl Read) -> io::Result<u64> {
    io::copy(from, &mut io::sink())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_makes_text_small_and_keeps_noise() {
        let path = std::env::temp_dir().join(format!("bloat-compress-{}", std::process::id()));
        std::fs::write(&path, "abc".repeat(10_000)).unwrap();
        let text = gzip(&path).unwrap();
        // Header and trailer are 18 bytes.
        assert!(text > 18 && text < 300, "{text}");
        let mut state = 1u64;
        let noise: Vec<u8> = (0..10_000)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 56) as u8
            })
            .collect();
        std::fs::write(&path, noise).unwrap();
        assert!(gzip(&path).unwrap() > 10_000);
        std::fs::remove_file(&path).unwrap();
        assert!(compress(&path, None).is_err());
        assert_eq!(by_program("no-such-compressor", &[], &path), None);
    }
}
