//! What the dynamic linker has to patch, as programs for a small machine
//! (`LC_DYLD_INFO`): rebase, bind, weak bind, lazy bind.
//!
//! An instruction that patches is charged together with those in front of it that
//! set it up: to the place it patches first (rebase), or to the symbol it binds.

use object::macho;

use super::context::{Context, Found};
use super::tables::Table;
use crate::error::Diagnostic;
use crate::format::cursor::Cursor;
use crate::format::{Charge, Pointer, Target};

/// Runs all programs.
pub(super) fn read(context: &Context<'_, '_>, found: &mut Found, diagnostics: &mut Vec<Diagnostic>) {
    for table in [Table::Rebase, Table::Bind, Table::WeakBind, Table::LazyBind] {
        let Some((bytes, range)) = context.table(table) else { continue };
        let mut machine = Machine {
            context,
            c: context.file.cursor(bytes),
            table,
            origin: range.start,
            set_up: 0,
            segment: None,
            offset: 0,
            symbol: None,
            left: context.budget(),
        };
        let complete = if table == Table::Rebase { machine.rebase(found) } else { machine.bind(found) };
        if complete.is_none() {
            let at = range.start + machine.set_up;
            let text = format!("the {} cannot be read from {at:#x} on", table.name());
            diagnostics.push(Diagnostic::warning("opcodes", text).at(at).bytes(range.end - at));
        }
    }
}

/// The state of a program.
struct Machine<'m, 'c, 'data> {
    context: &'m Context<'c, 'data>,
    c: Cursor<'data, 'static>,
    table: Table,
    /// Position of the program.
    origin: u64,
    /// Offset of the first instruction that has not been charged.
    set_up: u64,
    segment: Option<u8>,
    offset: u64,
    symbol: Option<Target>,
    /// How many more places may be patched.
    left: u64,
}

impl Machine<'_, '_, '_> {
    fn word(&self) -> u64 {
        u64::from(self.context.file.address_size())
    }

    /// Where the next patch goes; `None` outside the segment.
    fn place(&self) -> Option<u64> {
        let segment = self.context.commands.segments.get(usize::from(self.segment?))?;
        let inside = self.offset < segment.memory_size;
        inside.then(|| self.context.line.pos(segment.address.checked_add(self.offset)?)).flatten()
    }

    /// Charges all that was set up since the last charge.
    fn charge(&mut self, on: Option<Target>, found: &mut Found) {
        let end = self.c.at();
        if let Some(on) = on {
            let start = self.origin + self.set_up;
            found.charges.push(Charge { start, end: self.origin + end, on });
        }
        self.set_up = end;
    }

    /// Patches `count` pointers `skip` bytes apart.
    fn rebase_run(&mut self, count: u64, skip: u64, found: &mut Found) -> Option<()> {
        let first = self.place();
        for _ in 0..count {
            self.left = self.left.checked_sub(1)?;
            let at = self.place()?;
            let target = self.context.word(at).and_then(|address| self.context.line.pos(address));
            if let Some(to) = target {
                found.pointers.push(Pointer { at, to });
            }
            self.offset = self.offset.checked_add(self.word())?.checked_add(skip)?;
        }
        self.charge(first.map(Target::Pos), found);
        Some(())
    }

    /// Runs a rebase program; `None` if it goes wrong.
    fn rebase(&mut self, found: &mut Found) -> Option<()> {
        while !self.c.is_at_end() {
            let byte = self.c.u8()?;
            let immediate = byte & macho::REBASE_IMMEDIATE_MASK;
            match macho::RebaseOpcode(byte & macho::REBASE_OPCODE_MASK) {
                macho::REBASE_OPCODE_DONE => break,
                macho::REBASE_OPCODE_SET_TYPE_IMM => {}
                macho::REBASE_OPCODE_SET_SEGMENT_AND_OFFSET_ULEB => {
                    self.segment = Some(immediate);
                    self.offset = self.c.uleb()?;
                }
                macho::REBASE_OPCODE_ADD_ADDR_ULEB => {
                    self.offset = self.offset.wrapping_add(self.c.uleb()?);
                }
                macho::REBASE_OPCODE_ADD_ADDR_IMM_SCALED => {
                    self.offset = self.offset.wrapping_add(u64::from(immediate) * self.word());
                }
                macho::REBASE_OPCODE_DO_REBASE_IMM_TIMES => {
                    self.rebase_run(u64::from(immediate), 0, found)?;
                }
                macho::REBASE_OPCODE_DO_REBASE_ULEB_TIMES => {
                    let count = self.c.uleb()?;
                    self.rebase_run(count, 0, found)?;
                }
                macho::REBASE_OPCODE_DO_REBASE_ADD_ADDR_ULEB => {
                    let skip = self.c.uleb()?;
                    self.rebase_run(1, skip, found)?;
                }
                macho::REBASE_OPCODE_DO_REBASE_ULEB_TIMES_SKIPPING_ULEB => {
                    let (count, skip) = (self.c.uleb()?, self.c.uleb()?);
                    self.rebase_run(count, skip, found)?;
                }
                _ => return None,
            }
        }
        Some(())
    }

    /// Runs a bind program; `None` if it goes wrong.
    fn bind(&mut self, found: &mut Found) -> Option<()> {
        while !self.c.is_at_end() {
            let byte = self.c.u8()?;
            let immediate = byte & macho::BIND_IMMEDIATE_MASK;
            match macho::BindOpcode(byte & macho::BIND_OPCODE_MASK) {
                // In a lazy program it only ends what belongs to one symbol.
                macho::BIND_OPCODE_DONE if self.table == Table::LazyBind => {
                    let symbol = self.symbol;
                    self.charge(symbol, found);
                }
                macho::BIND_OPCODE_DONE => break,
                macho::BIND_OPCODE_SET_DYLIB_ORDINAL_IMM
                | macho::BIND_OPCODE_SET_DYLIB_SPECIAL_IMM
                | macho::BIND_OPCODE_SET_TYPE_IMM => {}
                macho::BIND_OPCODE_SET_DYLIB_ORDINAL_ULEB => {
                    self.c.uleb()?;
                }
                macho::BIND_OPCODE_SET_SYMBOL_TRAILING_FLAGS_IMM => {
                    let name = self.c.cstr()?;
                    self.symbol = self.context.named(name);
                }
                macho::BIND_OPCODE_SET_ADDEND_SLEB => {
                    self.c.sleb()?;
                }
                macho::BIND_OPCODE_SET_SEGMENT_AND_OFFSET_ULEB => {
                    self.segment = Some(immediate);
                    self.offset = self.c.uleb()?;
                }
                macho::BIND_OPCODE_ADD_ADDR_ULEB => {
                    self.offset = self.offset.wrapping_add(self.c.uleb()?);
                }
                macho::BIND_OPCODE_DO_BIND => self.bound(1, 0, found),
                macho::BIND_OPCODE_DO_BIND_ADD_ADDR_ULEB => {
                    let skip = self.c.uleb()?;
                    self.bound(1, skip, found);
                }
                macho::BIND_OPCODE_DO_BIND_ADD_ADDR_IMM_SCALED => {
                    let skip = u64::from(immediate) * self.word();
                    self.bound(1, skip, found);
                }
                macho::BIND_OPCODE_DO_BIND_ULEB_TIMES_SKIPPING_ULEB => {
                    let (count, skip) = (self.c.uleb()?, self.c.uleb()?);
                    self.bound(count, skip, found);
                }
                // Its pointers are chained: those are not followed in this old form.
                macho::BIND_OPCODE_THREADED => {
                    if immediate == macho::BIND_SUBOPCODE_THREADED_SET_BIND_ORDINAL_TABLE_SIZE_ULEB.0 {
                        self.c.uleb()?;
                    }
                }
                _ => return None,
            }
        }
        Some(())
    }

    /// Charges what binds a symbol; without a name that is known, to the first place.
    fn bound(&mut self, count: u64, skip: u64, found: &mut Found) {
        let on = self.symbol.or_else(|| self.place().map(Target::Pos));
        self.charge(on, found);
        let step = self.word().wrapping_add(skip);
        self.offset = self.offset.wrapping_add(step.wrapping_mul(count));
    }
}
