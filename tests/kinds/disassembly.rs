//! Jump tables as instructions use them, by `objdump`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// How many instructions may lie between taking the address of a table and using it, for the
/// register to be the same for certain.
const NEAR: usize = 12;

/// Addresses of tables.
#[derive(Debug, Default)]
pub struct Tables {
    /// Those whose address is taken right before a jump.
    pub certain: BTreeSet<u64>,
    /// Those, and all that a function which jumps so takes the address of: some are long under way.
    pub possible: BTreeSet<u64>,
}

/// The tables of all functions whose demangled name ends with `name`; `None` where `objdump` cannot tell.
pub fn jump_tables(file: &Path, name: &str) -> Option<Tables> {
    if !cfg!(target_arch = "x86_64") {
        eprintln!("SKIPPED: the shape of jumps is known for x86-64 only");
        return None;
    }
    let options = ["-d", "-C", "--no-show-raw-insn"];
    let output = match Command::new("objdump").args(options).arg(file).env("LC_ALL", "C").output() {
        Ok(output) => output,
        Err(error) if std::env::var_os("BLOAT_REQUIRE_ORACLES").is_some_and(|v| v == "1") => {
            panic!("`objdump` is required and does not run: {error}")
        }
        Err(error) => {
            eprintln!("SKIPPED: `objdump` does not run ({error}); {} is not compared", file.display());
            return None;
        }
    };
    let mut tables = Tables::default();
    for function in String::from_utf8_lossy(&output.stdout).split("\n\n") {
        let title = function.lines().next().unwrap_or_default();
        if title.ends_with(&format!("{name}>:")) {
            read(function, &mut tables);
        }
    }
    Some(tables)
}

/// Finds `lea T(%rip),%B`, and behind it `movslq (%B,%I,4),%X`, `add %B,%X` and `jmp *%X`.
fn read(function: &str, tables: &mut Tables) {
    let instructions = function.lines().filter_map(|l| l.split_once(":\t"));
    let instructions: Vec<&str> = instructions.map(|(_, text)| text.trim()).collect();
    for (index, instruction) in instructions.iter().enumerate() {
        let Some((base, target)) = load(instruction) else { continue };
        let next = &instructions[index + 1..instructions.len().min(index + 6)];
        let adds = next.iter().any(|i| *i == format!("add    %{base},%{target}"));
        let jumps = next.iter().any(|i| i.ends_with(&format!("jmp    *%{target}")));
        if !adds || !jumps {
            continue;
        }
        tables.possible.extend(instructions.iter().filter_map(|i| address(i, "")));
        let before = &instructions[index.saturating_sub(NEAR)..index];
        tables.certain.extend(before.iter().rev().find_map(|i| address(i, base)));
    }
}

/// The base and the target of a load of an offset.
fn load(instruction: &str) -> Option<(&str, &str)> {
    let place = instruction.strip_prefix("movslq ")?;
    // Some registers are no base without a displacement.
    let (base, rest) = place.strip_prefix("0x0").unwrap_or(place).strip_prefix("(%")?.split_once(',')?;
    Some((base, rest.split_once(",4),%")?.1))
}

/// The address that an instruction puts into `register`, or into any if `register` is empty;
/// `objdump` writes it behind the operands.
fn address(instruction: &str, register: &str) -> Option<u64> {
    let (operands, comment) = instruction.strip_prefix("lea ")?.split_once(" # ")?;
    let hex = comment.split_whitespace().next()?;
    let (_, target) = operands.split_once("(%rip),%")?;
    let is_meant = register.is_empty() || target.trim_end() == register;
    is_meant.then(|| u64::from_str_radix(hex.trim_start_matches("0x"), 16).ok())?
}
