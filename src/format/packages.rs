//! The list of packages that `cargo auditable` embeds, whatever the container.

use std::io::Read;
use std::ops::Range;

use crate::error::Diagnostic;

/// Longest list worth reading, in bytes once decompressed.
const LIMIT: u64 = 16 << 20;

/// Decompresses the contents of `.dep-v0`, which lie at `place` of the file.
///
/// Nothing, and why, if they are no zlib stream or longer than is read.
pub(super) fn inflate(
    bytes: &[u8],
    place: &Range<u64>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let why = match flate2::read::ZlibDecoder::new(bytes).take(LIMIT + 1).read_to_end(&mut out) {
        Ok(_) if out.len() as u64 <= LIMIT => return Some(out),
        Ok(_) => format!("it is longer than {} MiB", LIMIT >> 20),
        Err(_) => "it is no complete zlib stream".to_string(),
    };
    let text = format!("the embedded list of packages is not read: {why}");
    let len = place.end.saturating_sub(place.start);
    diagnostics.push(Diagnostic::warning("package-list-unread", text).at(place.start).bytes(len));
    None
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_not_read_is_said() {
        let packed = |len: u64| {
            let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(&vec![b' '; len as usize]).unwrap();
            packed.finish().unwrap()
        };
        let read = |bytes: &[u8]| {
            let mut diagnostics = Vec::new();
            let list = inflate(bytes, &(64..64 + bytes.len() as u64), &mut diagnostics);
            assert_eq!(list.is_none(), diagnostics.len() == 1);
            (list.map(|l| l.len() as u64), diagnostics.pop())
        };
        assert_eq!(read(&packed(LIMIT)).0, Some(LIMIT));
        let long = packed(LIMIT + 1);
        let why = read(&long).1.unwrap();
        assert!(why.message.ends_with("it is longer than 16 MiB"), "{}", why.message);
        assert_eq!((why.offset, why.bytes), (Some(64), Some(long.len() as u64)));
        for bad in [&long[..long.len() / 2], b"\0\0\0\0", b""] {
            assert!(read(bad).1.unwrap().message.ends_with("it is no complete zlib stream"));
        }
        // Sections may be padded.
        assert_eq!(read(&[packed(3), vec![0; 9]].concat()).0, Some(3));
    }
}
