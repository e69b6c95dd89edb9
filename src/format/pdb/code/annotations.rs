//! The annotations of an inlined function: which code it has, and on which lines.
//!
//! A small program of compressed numbers in a record `S_INLINESITE`; its operations are
//! those of `BinaryAnnotationOpcode` in `cvinfo.h` (microsoft-pdb).

/// Code of an inlined function, in offsets from the start of the procedure around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub start: u32,
    pub end: u32,
    /// As lines number it.
    pub file: u32,
    pub line: u32,
}

const CODE_OFFSET: u32 = 1;
const CHANGE_CODE_OFFSET_BASE: u32 = 2;
const CHANGE_CODE_OFFSET: u32 = 3;
const CHANGE_CODE_LENGTH: u32 = 4;
const CHANGE_FILE: u32 = 5;
const CHANGE_LINE_OFFSET: u32 = 6;
const CHANGE_CODE_AND_LINE_OFFSET: u32 = 11;
const CHANGE_CODE_LENGTH_AND_OFFSET: u32 = 12;
/// The last operation that is known. Those not named here are about columns and statements.
const LAST: u32 = 13;

/// Runs the annotations of a function that is declared at a line of a file.
///
/// What follows an operation that is not known is not read, nor what lies in a piece
/// that was moved away from the procedure.
///
/// *Cost*: linear in their length.
pub(super) fn runs(annotations: &[u8], file: u32, line: u32) -> Vec<Run> {
    let mut machine = Machine { at: 0, file, line: line.into(), open: None, runs: Vec::new() };
    let mut rest = annotations;
    while machine.step(&mut rest).is_some() {}
    machine.runs
}

struct Machine {
    at: u32,
    file: u32,
    line: i64,
    /// A run of which the end is not known yet.
    open: Option<Run>,
    runs: Vec<Run>,
}

impl Machine {
    /// One operation; `None` where they end.
    fn step(&mut self, rest: &mut &[u8]) -> Option<()> {
        let operation = number(rest).filter(|&operation| operation <= LAST)?;
        let operand = number(rest)?;
        match operation {
            // Filler up to the end of the record.
            0 | CHANGE_CODE_OFFSET_BASE => return None,
            CODE_OFFSET => self.at = operand,
            CHANGE_CODE_OFFSET => self.start(operand)?,
            CHANGE_CODE_LENGTH => {
                self.at = self.at.checked_add(operand)?;
                self.end();
            }
            CHANGE_FILE => self.file = operand,
            CHANGE_LINE_OFFSET => self.line += signed(operand),
            CHANGE_CODE_AND_LINE_OFFSET => {
                self.line += signed(operand >> 4);
                self.start(operand & 0xf)?;
            }
            CHANGE_CODE_LENGTH_AND_OFFSET => {
                self.start(number(rest)?)?;
                // The next offset is counted from the start of this run, not from its end.
                let start = self.at;
                self.at = start.checked_add(operand)?;
                self.end();
                self.at = start;
            }
            _ => {}
        }
        Some(())
    }

    /// A run starts `by` bytes further on, where the one before ends.
    fn start(&mut self, by: u32) -> Option<()> {
        self.at = self.at.checked_add(by)?;
        self.end();
        let line = u32::try_from(self.line).unwrap_or(0);
        self.open = Some(Run { start: self.at, end: self.at, file: self.file, line });
        Some(())
    }

    fn end(&mut self) {
        if let Some(open) = self.open.take().filter(|open| open.start < self.at) {
            self.runs.push(Run { end: self.at, ..open });
        }
    }
}

/// A number of one, two or four bytes; the first bits say which.
fn number(rest: &mut &[u8]) -> Option<u32> {
    let (number, len) = match **rest {
        [a, ..] if a < 0x80 => (a.into(), 1),
        [a, b, ..] if a < 0xc0 => (u32::from_be_bytes([0, 0, a & 0x3f, b]), 2),
        [a, b, c, d, ..] if a < 0xe0 => (u32::from_be_bytes([a & 0x1f, b, c, d]), 4),
        _ => return None,
    };
    *rest = rest.get(len..)?;
    Some(number)
}

/// The lowest bit is the sign.
fn signed(number: u32) -> i64 {
    let size = i64::from(number >> 1);
    if number & 1 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(annotations: &[u8]) -> Vec<(u32, u32, u32)> {
        runs(annotations, 0, 100).iter().map(|r| (r.start, r.end, r.line)).collect()
    }

    /// As `llvm-pdbutil dump -symbols` spells them out.
    #[test]
    fn llvm_counts_on_from_the_end_of_a_run() {
        let annotations = [6, 2, 3, 0x1d, 4, 0x84, 0x1e, 3, 0x86, 0x58, 4, 0x30, 0, 0];
        assert_eq!(told(&annotations), [(0x1d, 0x43b, 101), (0xa93, 0xac3, 101)]);
        let annotations = [6, 8, 3, 0x1d, 0xb, 0x26, 6, 8, 3, 0x83, 0xfa, 4, 0xf, 6, 9, 3, 1, 4, 2];
        assert_eq!(
            told(&annotations),
            [(0x1d, 0x23, 104), (0x23, 0x41d, 105), (0x41d, 0x42c, 109), (0x42d, 0x42f, 105)]
        );
    }

    #[test]
    fn microsoft_counts_on_from_the_start_of_a_run() {
        assert_eq!(told(&[0xc, 5, 4, 6, 4, 0xc, 5, 9]), [(4, 9, 100), (13, 18, 102)]);
    }

    #[test]
    fn numbers_have_one_two_or_four_bytes() {
        let mut bytes = &[0x7f, 0xbf, 0xff, 0xdf, 0xff, 0xff, 0xff, 0xff][..];
        let all: Vec<u32> = std::iter::from_fn(|| number(&mut bytes)).collect();
        assert_eq!(all, [0x7f, 0x3fff, 0x1fff_ffff]);
    }

    #[test]
    fn nothing_is_made_of_nonsense() {
        assert_eq!(told(&[]), []);
        assert_eq!(told(&[3]), []);
        assert_eq!(told(&[3, 5]), [], "a run without an end");
        assert_eq!(told(&[3, 5, 4, 2, 99, 1, 3, 5, 4, 2]), [(5, 7, 100)], "an unknown operation");
        assert_eq!(told(&[1, 0xdf, 0xff, 0xff, 0xff, 6, 0xdf, 0xff, 0xff, 0xff, 3, 1, 4, 1])[0].2, 0);
    }
}
