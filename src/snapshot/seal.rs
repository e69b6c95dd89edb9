//! How a snapshot is told from any other Parquet file, and from a damaged one.
//!
//! Parquet has a magic number at both ends and finds everything else by offsets from the
//! footer at the end, so readers pass over what stands behind the first magic number. There
//! a snapshot has a tag with its version, and a hash of all bytes behind that. What was
//! damaged by accident is so told before anything in it is believed.

use crate::hash::Hash;

/// Both ends of a Parquet file (Parquet format, "File Format").
const MAGIC: &[u8; 4] = b"PAR1";
/// What stands behind the first magic number, in front of two digits of version.
const TAG: &[u8; 6] = b"bloat/";
/// The version that is written, and the only one that is read.
const VERSION: u32 = 1;
/// Where the hash is, and where what it is of begins.
const HASH: std::ops::Range<usize> = 12..20;

/// Why a snapshot is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// A Parquet file that something else wrote.
    #[error("it is a Parquet file, but no snapshot: it has no mark of one")]
    Foreign,
    /// A version that is not known.
    #[error("it is a snapshot of version {0}; this program reads version {VERSION}")]
    Version(String),
    /// Its end is missing.
    #[error("its end is missing: it was cut off, or is still being written")]
    CutOff,
    /// It is not what was written.
    #[error("it is damaged: its bytes do not have the checksum {0:016x} that was written with them")]
    Checksum(u64),
    /// It is larger than any snapshot.
    #[error("it has {0} bytes, more than a snapshot may have")]
    TooLarge(u64),
    /// It cannot be read as Parquet.
    #[error("it is damaged: {0}")]
    Parquet(String),
    /// What it says cannot be.
    #[error("it is damaged: {0}")]
    Nonsense(String),
}

/// Whether a file starts like one of Parquet.
pub fn is_parquet(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// What stands behind the first magic number, before the hash is known.
pub(super) fn blank() -> Vec<u8> {
    let mut seal = TAG.to_vec();
    seal.extend_from_slice(format!("{VERSION:02}").as_bytes());
    seal.resize(HASH.end - MAGIC.len(), 0);
    seal
}

/// Writes the hash into a file that is complete but for that.
pub(super) fn close(file: &mut [u8]) {
    let hash = Hash::of(file.get(HASH.end..).unwrap_or_default());
    if let Some(place) = file.get_mut(HASH) {
        place.copy_from_slice(&hash.to_le_bytes());
    }
}

/// Whether a file is a snapshot as it was written.
///
/// *Errors*: why not.
/// *Cost*: one pass over its bytes.
pub(super) fn check(file: &[u8]) -> Result<(), Damage> {
    let tag = file.get(MAGIC.len()..HASH.start).unwrap_or_default();
    let Some(version) = tag.strip_prefix(TAG) else {
        // The mark itself may be what is missing.
        let is_start = file.len() < HASH.end && TAG.starts_with(tag);
        return Err(if is_start { Damage::CutOff } else { Damage::Foreign });
    };
    if version != format!("{VERSION:02}").as_bytes() {
        let version = String::from_utf8_lossy(version);
        return Err(Damage::Version(version.trim_start_matches('0').to_string()));
    }
    let Some(stored) = file.get(HASH).and_then(|bytes| <[u8; 8]>::try_from(bytes).ok()) else {
        return Err(Damage::CutOff);
    };
    let stored = u64::from_le_bytes(stored);
    if Hash::of(file.get(HASH.end..).unwrap_or_default()) == stored {
        Ok(())
    } else if file.ends_with(MAGIC) {
        Err(Damage::Checksum(stored))
    } else {
        Err(Damage::CutOff)
    }
}
