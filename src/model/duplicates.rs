//! What a program holds more than once, as places. Made only where a question needs it.

use super::SymbolId;
use crate::error::Diagnostic;

/// A run of bytes that equals of it could share: a function, or a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Position of its first byte.
    pub start: u64,
    /// Length in bytes.
    pub len: u64,
    /// Bytes of padding behind it, which go with it.
    pub filler: u64,
    /// Its symbol; none for a constant that nothing names.
    pub symbol: SymbolId,
    /// Whether its address is used as a value, so that a program could tell it from its equals.
    pub address_taken: bool,
    /// Whether it can be an equal of an earlier member where nothing with a used address is put together.
    pub folds_safely: bool,
}

/// What pieces of one group are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PieceForm {
    /// Code.
    Function,
    /// Data that the program does not write.
    Constant,
}

/// Pieces that are equal: in their bytes, and in what they refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identical {
    /// What they are.
    pub form: PieceForm,
    /// Two or more, in order of position.
    pub members: Vec<Piece>,
    /// The start of the text they hold, if they are text.
    pub text: Option<String>,
}

/// Functions that are equal but for what some of their operands refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Similar {
    /// Two or more, no two of them identical, in order of position.
    pub members: Vec<Piece>,
    /// Operands in which they differ.
    pub operands: u64,
    /// Bytes of code that would pass one such operand to a shared body.
    pub operand_cost: u64,
    /// Bytes of code that would jump to a shared body.
    pub jump_cost: u64,
}

/// What a program holds more than once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Duplicates {
    /// Groups of equal pieces, in order of their first members.
    pub identical: Vec<Identical>,
    /// Groups of functions that would be equal if exception tables and constants were folded as well, which
    /// linkers do not do; no two members of one group are in one group of `identical`.
    pub kept_apart: Vec<Identical>,
    /// Groups of functions that are nearly equal, in order of their first members.
    pub similar: Vec<Similar>,
    /// Functions that nothing in the file refers to and that no other file can find, in order of position;
    /// `None` if that cannot be known. What only they refer to is not among them.
    pub unreferred: Option<Vec<Piece>>,
    /// Whether it is known of all functions if their addresses are taken.
    pub knows_taken: bool,
    /// What could not be compared.
    pub diagnostics: Vec<Diagnostic>,
}
