//! Program databases: inlined functions as `llvm-symbolizer` says, lines as `llvm-pdbutil` lists them.
//!
//! The symbolizer is asked for functions and files and not for lines: it has each file start at the
//! start of the function, and the first line of an inlined function be that of its second.

use std::collections::BTreeMap;

use bloat::model::Model;

use crate::oracles::oracle;
use crate::subjects::fixture;
use crate::{Level, analyze, code_addresses, ours, theirs};

/// Lines of runs of code, by address: the file and the number. Folded functions share their run.
type Listed = BTreeMap<(u64, u64, usize), Vec<(u64, String, u32)>>;

/// What `llvm-pdbutil dump -l` prints, of the first section.
fn listed(text: &str, section: u64) -> Listed {
    let mut runs = Listed::new();
    let mut number_of_run = 0;
    let mut file = String::new();
    let mut run = None;
    let hex = |text: &str| u64::from_str_radix(text, 16).expect("hexadecimal");
    for line in text.lines() {
        if let Some((name, _)) = line.split_once(" (SHA-256: ").or_else(|| line.split_once(" (MD5: ")) {
            file = bloat::names::source_file(name);
        } else if let Some((place, _)) = line.trim().split_once(", line/addr entries") {
            let (of, range) = place.split_once(':').expect("a section");
            let (start, end) = range.split_once('-').expect("a range");
            let place = (section + hex(start), section + hex(end));
            // One function after another, each file of it by itself.
            if run.is_none_or(|(start, end, _)| (start, end) != place) {
                number_of_run += 1;
            }
            run = (of == "0001").then_some((place.0, place.1, number_of_run));
        } else if line.ends_with("! ") {
            let Some(run) = run else { continue };
            let words: Vec<&str> = line.split_whitespace().filter(|word| *word != "!").collect();
            for pair in words.chunks(2) {
                let [number, address] = pair else { panic!("`{line}` is no list of lines") };
                let number = number.parse().expect("a number");
                runs.entry(run).or_default().push((section + hex(address), file.clone(), number));
            }
        }
    }
    runs.values_mut().for_each(|lines| lines.sort_by_key(|line| line.0));
    runs
}

/// The line of an address in each run that has it.
fn lines_at(listed: &Listed, address: u64) -> Vec<(&str, u32)> {
    let runs = listed.iter().filter(|((start, end, _), _)| (*start..*end).contains(&address));
    let line = runs.filter_map(|(_, lines)| lines.iter().rfind(|line| line.0 <= address));
    line.map(|(_, file, number)| (file.as_str(), *number)).collect()
}

fn names(levels: &[Level]) -> Vec<&str> {
    // The outermost is a symbol, whose name is mangled in one place and not in the other.
    levels[..levels.len() - 1].iter().map(|level| level.function.as_str()).collect()
}

/// Files of the inlined functions; `spell` makes a path of the tool one of ours.
fn files(levels: &[Level], spell: impl Fn(&str) -> String) -> Vec<String> {
    levels[..levels.len() - 1].iter().map(|level| spell(&level.file)).collect()
}

/// Code of inlined functions and its lines, as `llvm-pdbutil dump -symbols -il` spells annotations out.
fn inlined(text: &str, section: u64) -> Vec<(u64, u64, u32)> {
    let number = |text: &str, radix| i64::from_str_radix(text, radix).expect("a number");
    let word = |line: &str, key: &str| {
        let rest = line.split_once(key)?.1;
        Some(rest.split([' ', ',']).next().unwrap_or_default().to_string())
    };
    let of_module = |line: &str| word(line, "Mod ").filter(|_| line.contains(" | `"));
    let mut declared: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut module = String::new();
    for line in text.lines() {
        module = of_module(line).unwrap_or(module);
        if let [item, line, _] = line.split(" | ").map(str::trim).collect::<Vec<_>>()[..]
            && item.starts_with("0x")
        {
            // Instances for several types may share an item, and the first is taken.
            declared.entry((module.clone(), item.to_string())).or_insert(number(line, 10));
        }
    }
    let mut found = Vec::new();
    let (mut procedure, mut first, mut now) = (None, 0, 0);
    let mut open: Option<(i64, i64)> = None;
    for line in text.lines() {
        module = of_module(line).unwrap_or(module);
        if let Some(offset) = word(line, "addr = 0001:") {
            procedure = Some(number(&offset, 10));
        } else if line.contains(" | S_") {
            open = None;
        } else if let Some(item) = word(line, "inlinee = ") {
            (first, now) = (declared[&(module.clone(), item)], 0);
        }
        let (Some(procedure), Some(operation)) = (procedure, line.trim().split_once("  ")) else { continue };
        if let Some(to) = word(operation.1, "line ") {
            now = number(&to, 10);
        }
        let (end, start) = (word(operation.1, "code end 0x"), word(operation.1, "code 0x"));
        for (at, is_start) in [(end, false), (start, true)] {
            let Some(at) = at.map(|at| number(&at, 16)) else { continue };
            if let Some((start, line)) = open.take() {
                let place = |at: i64| section + u64::try_from(procedure + at).expect("not negative");
                found.push((place(start), place(at), u32::try_from(first + line).unwrap_or(0)));
            }
            open = is_start.then_some((at, now));
        }
    }
    found
}

fn addresses(model: &Model) -> Vec<u64> {
    let all = code_addresses(model).into_iter();
    all.flat_map(|(start, len)| (0..len).step_by(7).map(move |i| start + i)).collect()
}

#[test]
fn inlined_functions_and_lines_of_databases_are_those_of_llvm() {
    for name in ["station-msvc-x86_64-v1.exe", "station-msvc-x86_64-v2.exe"] {
        let path = fixture(&format!("../pe/{name}"));
        let model = analyze(&path);
        let addresses = addresses(&model);
        let Some(text) = oracle("llvm-pdbutil-22", &["dump", "-l"], &path.with_extension("pdb")) else {
            return;
        };
        let base = model.sections[0].address.expect("mapped");
        let listed = listed(&text, base);
        assert!(listed.len() > 200, "{name}: {} functions", listed.len());
        let options = ["dump", "-symbols", "-il"];
        let Some(text) = oracle("llvm-pdbutil-22", &options, &path.with_extension("pdb")) else { return };
        let inlined = inlined(&text, base);
        let (mut deep, mut lines) = (0, 0);
        for lot in addresses.chunks(1000) {
            let Some(theirs) = theirs(&path, lot) else { return };
            for (&address, theirs) in lot.iter().zip(theirs) {
                let ours = ours(&model, address);
                let outermost = ours.last().expect("there is one");
                let known = lines_at(&listed, address);
                if !known.is_empty() {
                    let line = (outermost.file.as_str(), outermost.line);
                    assert!(known.contains(&line), "{name}: {address:#x} is of {line:?}, not of {known:?}");
                    lines += 1;
                }
                if theirs.len() > 1 || ours.len() > 1 {
                    assert_eq!(names(&ours), names(&theirs), "{name}: {address:#x}");
                    let spelt = files(&theirs, bloat::names::source_file);
                    assert_eq!(files(&ours, str::to_string), spelt, "{name}: {address:#x}");
                    let here = inlined.iter().filter(|(start, end, _)| (*start..*end).contains(&address));
                    let here: Vec<u32> = here.map(|(.., line)| *line).collect();
                    let inner = &ours[..ours.len() - 1];
                    let is_known = inner.iter().all(|level| here.contains(&level.line));
                    assert!(is_known, "{name}: {address:#x} is of {inner:?}, not of lines {here:?}");
                    deep += 1;
                }
            }
        }
        assert!(deep > 1000 && lines > 2000, "{name}: {deep} inlined, {lines} with lines");
    }
}
