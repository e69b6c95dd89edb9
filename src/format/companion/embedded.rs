//! Symbols inside the binary: `.gnu_debugdata`, an ELF file compressed with xz.

use super::xz;
use crate::format::Image;
use crate::input::Input;

/// The most bytes that it may have once decompressed, for `len` bytes of xz.
///
/// Symbol tables shrink to a fifth. What states more than this is not meant to be read.
fn budget(len: usize) -> usize {
    len.saturating_mul(16).saturating_add(1 << 20).min(1 << 30)
}

/// Unpacks it, unless the binary has better symbols by now.
///
/// *Errors*: in words.
pub(super) fn unpack(image: &Image<'_>) -> Option<Result<Input, String>> {
    let bytes = image.elsewhere.embedded.filter(|_| !image.symbols.iter().any(|s| s.is_static))?;
    let unpacked = xz::decompress(bytes, budget(bytes.len()));
    Some(unpacked.map(|bytes| Input::from_bytes(".gnu_debugdata", bytes)).map_err(str::to_string))
}
