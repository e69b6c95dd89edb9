//! The list of packages that `cargo auditable` embeds, whatever the container.

use std::io::Read;

/// Longest list worth reading, in bytes once decompressed.
const LIMIT: u64 = 16 << 20;

/// Decompresses the contents of `.dep-v0`; nothing if they are no zlib stream or too long.
pub(super) fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut decoder = flate2::read::ZlibDecoder::new(bytes).take(LIMIT + 1);
    decoder.read_to_end(&mut out).ok()?;
    (out.len() as u64 <= LIMIT).then_some(out)
}
