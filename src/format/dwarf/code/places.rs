//! Addresses of code to positions, fast where they ascend.

use std::ops::Range;

use crate::format::Line;

/// Translates addresses and leaves out what is not code of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'a> {
    pub line: &'a Line,
    /// Where code lies, sorted; empty if that is not known.
    pub code: &'a [Range<u64>],
}

/// A run of code.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Run {
    address: u64,
    pos: u64,
    len: u64,
}

impl Places<'_> {
    /// The code from `address` on that is one run.
    ///
    /// Linkers put what they dropped where no code can be: see `ranges`.
    fn run(&self, address: u64) -> Option<Run> {
        let (pos, mut len) = self.line.locate(address)?;
        if !self.code.is_empty() {
            let after = self.code.partition_point(|span| span.start <= pos);
            let span = self.code.get(after.checked_sub(1)?).filter(|span| pos < span.end)?;
            len = len.min(span.end - pos);
        }
        Some(Run { address, pos, len })
    }

    /// The positions of `low..high`, as far as they are one run of code.
    pub fn span(&self, low: u64, high: u64) -> Option<Range<u64>> {
        let len = high.checked_sub(low).filter(|&len| len > 0)?;
        let run = self.run(low)?;
        Some(run.pos..run.pos.checked_add(len.min(run.len))?)
    }

    /// The positions of `len` bytes at `address`; `near` is the run of an address not far before.
    pub fn within(&self, near: &mut Run, address: u64, len: u64) -> Option<Range<u64>> {
        let into = |run: &Run| address.checked_sub(run.address).filter(|&into| into < run.len);
        let into = match into(near) {
            Some(into) => into,
            None => {
                *near = self.run(address)?;
                0
            }
        };
        let start = near.pos.checked_add(into)?;
        Some(start..start.checked_add(len.min(near.len - into))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Load;

    #[test]
    fn only_code_has_places() {
        let load = Load { segment: 0, address: Some(0x1000), len: 50, file: 10..60 };
        let (line, _) = Line::lay(100, false, &[load]);
        let places = Places { line: &line, code: &[20..30, 40..50] };
        assert_eq!(places.span(0x100a, 0x100c), Some(20..22));
        assert_eq!(places.span(0x100a, 0x1100), Some(20..30));
        assert_eq!(places.span(0x1000, 0x1002), None);
        assert_eq!(places.span(0, 8), None);
        assert_eq!(places.span(0x100c, 0x100a), None);
        let mut near = Run::default();
        assert_eq!(places.within(&mut near, 0x100c, 2), Some(22..24));
        assert_eq!(places.within(&mut near, 0x1012, 9), Some(28..30));
        assert_eq!(places.within(&mut near, 0x1014, 1), None);
        assert_eq!(places.within(&mut near, 0x100a, 4), Some(20..24));
        assert_eq!(places.within(&mut near, u64::MAX, 4), None);
    }
}
