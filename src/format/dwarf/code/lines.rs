//! Line programs: which line each instruction is of.
//!
//! DWARF 5 section 6.2. The machine that programs run on is here and not gimli's,
//! because any number may stand in them.

use gimli::{AttributeValue, DebugLineOffset, Dwarf, LineInstruction, LineProgramHeader};

use super::places::{Places, Run};
use super::reader::Reader;
use crate::format::dwarf::unit::Root;
use crate::intern::Distinct;

/// Code of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub start: u64,
    pub end: u64,
    /// Index into [`Program::lines`].
    pub line: u32,
}

/// A file as a program names it: the directory of compilation, a directory and a name.
pub(super) type FileParts<'data> = [&'data [u8]; 3];

/// What a program says.
#[derive(Debug, Default)]
pub(super) struct Program<'data> {
    /// Files by their number.
    pub files: Vec<FileParts<'data>>,
    /// Numbers of file and line, each pair once.
    pub lines: Vec<(u32, u32)>,
    pub rows: Vec<Row>,
    /// What could not be understood, in words.
    pub problem: Option<&'static str>,
}

const UNREADABLE: &str = "the header of its line program is cut off or not understood";

/// Runs the program at `offset`, which is of a unit with this root entry.
///
/// *Cost*: linear in its size.
pub(super) fn run<'data>(
    dwarf: &Dwarf<Reader<'data, '_>>,
    offset: usize,
    address_size: u8,
    root: &Root<'data>,
    places: &Places<'_>,
) -> Program<'data> {
    let Ok(program) = dwarf.debug_line.program(DebugLineOffset(offset), address_size, None, None) else {
        return Program { problem: Some(UNREADABLE), ..Program::default() };
    };
    let header = program.header();
    let mut machine = Machine::new(header, places);
    let mut instructions = header.instructions();
    let problem = loop {
        match instructions.next_instruction(header) {
            Ok(Some(instruction)) => machine.step(&instruction),
            Ok(None) => break None,
            Err(_) => {
                break Some("its line program is cut off or not understood; what follows in it is not read");
            }
        }
    };
    let Machine { lines, rows, .. } = machine;
    Program { files: files(dwarf, header, root), lines: lines.into_values(), rows, problem }
}

/// The files of the program at `offset`, without its lines.
///
/// *Cost*: linear in the size of its header.
pub(super) fn named<'data>(
    dwarf: &Dwarf<Reader<'data, '_>>,
    offset: usize,
    address_size: u8,
    root: &Root<'data>,
) -> Program<'data> {
    match dwarf.debug_line.program(DebugLineOffset(offset), address_size, None, None) {
        Ok(program) => Program { files: files(dwarf, program.header(), root), ..Program::default() },
        Err(_) => Program { problem: Some(UNREADABLE), ..Program::default() },
    }
}

/// All files, by number.
fn files<'data>(
    dwarf: &Dwarf<Reader<'data, '_>>,
    header: &LineProgramHeader<Reader<'data, '_>>,
    root: &Root<'data>,
) -> Vec<FileParts<'data>> {
    let text = |value: AttributeValue<Reader<'data, '_>>| -> &'data [u8] {
        dwarf.attr_line_string(value).map(|text| text.inner().slice()).unwrap_or_default()
    };
    // Before version 5 neither the directory nor the file of the unit is listed.
    let is_old = header.version() < 5;
    let first = is_old.then_some([root.comp_dir, &[], root.name]);
    let named = header.file_names().iter().map(|file| {
        let directory = match file.directory_index() {
            0 if is_old => &[],
            index => header.directory(index).map(text).unwrap_or_default(),
        };
        [root.comp_dir, directory, text(file.path_name())]
    });
    first.into_iter().chain(named).collect()
}

/// The registers that matter.
#[derive(Clone, Copy)]
struct State {
    address: u64,
    op_index: u64,
    file: u64,
    line: u64,
}

const START: State = State { address: 0, op_index: 0, file: 1, line: 1 };

struct Machine<'m> {
    state: State,
    /// The row that the next one ends.
    last: Option<State>,
    places: &'m Places<'m>,
    /// The code around the last row.
    run: Run,
    instruction_length: u64,
    operations: u64,
    line_base: i64,
    line_range: u8,
    opcode_base: u8,
    lines: Distinct<(u32, u32)>,
    rows: Vec<Row>,
}

impl<'m> Machine<'m> {
    fn new(header: &LineProgramHeader<Reader<'_, '_>>, places: &'m Places<'m>) -> Machine<'m> {
        Machine {
            state: START,
            last: None,
            places,
            run: Run::default(),
            instruction_length: header.minimum_instruction_length().into(),
            operations: header.maximum_operations_per_instruction().max(1).into(),
            line_base: header.line_base().into(),
            line_range: header.line_range().max(1),
            opcode_base: header.opcode_base(),
            lines: Distinct::default(),
            rows: Vec::new(),
        }
    }

    fn step(&mut self, instruction: &LineInstruction<Reader<'_, '_>>) {
        match *instruction {
            LineInstruction::Special(opcode) => {
                let adjusted = opcode.wrapping_sub(self.opcode_base);
                let by = self.line_base.wrapping_add((adjusted % self.line_range).into());
                self.state.line = self.state.line.wrapping_add_signed(by);
                self.advance((adjusted / self.line_range).into());
                self.row();
            }
            LineInstruction::Copy => self.row(),
            LineInstruction::AdvancePc(by) => self.advance(by),
            LineInstruction::AdvanceLine(by) => {
                self.state.line = self.state.line.wrapping_add_signed(by);
            }
            LineInstruction::SetFile(file) => self.state.file = file,
            LineInstruction::ConstAddPc => {
                self.advance((u8::MAX.wrapping_sub(self.opcode_base) / self.line_range).into());
            }
            LineInstruction::FixedAddPc(by) => {
                self.state.address = self.state.address.wrapping_add(by.into());
                self.state.op_index = 0;
            }
            LineInstruction::SetAddress(address) => {
                (self.state.address, self.state.op_index) = (address, 0);
            }
            LineInstruction::EndSequence => {
                self.end_row();
                self.last = None;
                self.state = START;
            }
            _ => {}
        }
    }

    fn advance(&mut self, by: u64) {
        let state = &mut self.state;
        if self.operations == 1 {
            state.address = state.address.wrapping_add(by.wrapping_mul(self.instruction_length));
            return;
        }
        let operations = state.op_index.wrapping_add(by);
        let instructions = operations / self.operations;
        state.address = state.address.wrapping_add(instructions.wrapping_mul(self.instruction_length));
        state.op_index = operations % self.operations;
    }

    fn row(&mut self) {
        self.end_row();
        self.last = Some(self.state);
    }

    /// Ends the last row here. One that the next does not lie behind has no code.
    fn end_row(&mut self) {
        let Some(last) = self.last else { return };
        let len = self.state.address.saturating_sub(last.address);
        if len == 0 {
            return;
        }
        let Some(span) = self.places.within(&mut self.run, last.address, len) else { return };
        let number = |n: u64| u32::try_from(n).unwrap_or(0);
        let line = self.lines.insert((u32::try_from(last.file).unwrap_or(u32::MAX), number(last.line)));
        match self.rows.last_mut() {
            Some(row) if row.line == line && row.end == span.start => row.end = span.end,
            _ => self.rows.push(Row { start: span.start, end: span.end, line }),
        }
    }
}
