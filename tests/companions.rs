//! Debug information that lies apart from its program tells the same as debug information in it.

mod subjects;

use std::path::{Path, PathBuf};

use bloat::error::{Diagnostic, Error};
use bloat::format::Unit;
use bloat::input::Input;
use bloat::input::companion::Search;
use bloat::model::Model;
use bloat::model::filter::Filter;
use bloat::model::view::{Dim, Measure, Sort, View, tree};
use bloat::project::Packages;
use subjects::folder;

/// A file of `testdata/apart`.
fn apart(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/apart").join(name)
}

/// Copies fixtures into a folder, each to a path below it.
fn lay(folder: &Path, files: &[(&str, &str)]) {
    for (fixture, path) in files {
        let to = folder.join(path);
        std::fs::create_dir_all(to.parent().expect("it is below the folder")).expect("a folder can be made");
        std::fs::copy(apart(fixture), to).expect("a fixture can be copied");
    }
}

/// Looks beside the binary, and in `system` instead of the folder of this machine.
fn search(given: &[&Path], system: &Path) -> Search {
    let given = given.iter().map(|path| path.to_path_buf()).collect();
    Search { given, system: vec![system.to_path_buf()], ..Search::default() }
}

fn analyze(path: &Path, search: &Search) -> Result<Model, Error> {
    let input = Input::open(path).expect("it is there");
    let model = bloat::analyze_with(&input, &Packages::default(), search)?;
    let size = std::fs::metadata(path).expect("it is there").len();
    assert_eq!(model.check(), Ok(()), "{}", path.display());
    assert_eq!(model.leaves.iter().map(|l| l.sizes().file).sum::<u64>(), size, "{}", path.display());
    Ok(model)
}

fn must_analyze(path: &Path, search: &Search) -> Model {
    analyze(path, search).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What code is divided into, with sizes.
fn code(model: &Model) -> Vec<(Vec<String>, u64)> {
    let filter = Some(Filter::parse("kind=code,rodata,data,bss").expect("it is a filter"));
    let dims = vec![Dim::Section, Dim::Crate, Dim::Unit, Dim::Symbol];
    let answer = tree(model, &View { dims, filter, sort: Sort::Name, ..View::default() });
    let mut rows = Vec::new();
    for section in &answer.roots {
        for krate in &section.children {
            for unit in &krate.children {
                for symbol in &unit.children {
                    let path = [section.key, krate.key, unit.key, symbol.key];
                    let labels = path.iter().zip(&answer.keys).map(|(key, keys)| keys.label(*key));
                    rows.push((labels.collect(), symbol.sizes.file + symbol.sizes.memory));
                }
            }
        }
    }
    rows
}

fn codes(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics.iter().map(|d| &*d.code).collect()
}

/// Name and language of each unit, in order of name.
fn units(path: &Path, search: &Search) -> Vec<(String, u16)> {
    let input = Input::open(path).expect("it is there");
    let of = |unit: &Unit<'_>| (unit.name.to_string(), unit.language);
    let read = bloat::format::read_with(&input, search, |image| image.units.iter().map(of).collect());
    let mut units: Vec<(String, u16)> = read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    units.sort();
    units
}

const C99: u16 = 0x0c;
const C11: u16 = 0x1d;
const RUST: u16 = 0x1c;

#[test]
fn wherever_it_lies_it_tells_the_same_as_in_the_file() {
    let none = folder("nothing-here");
    let whole = must_analyze(&apart("whole"), &search(&[], &none));
    let expected = code(&whole);
    assert!(expected.iter().any(|(path, _)| path[2] == "c/list.c"), "{expected:?}");

    let id = whole.facts.build_id.clone().expect("whole has a build id");
    let (head, rest) = id.split_at(2);
    let by_id = format!(".build-id/{head}/{rest}.debug");
    let layouts: [(&str, &[(&str, &str)]); 6] = [
        ("beside", &[("bare", "bare"), ("bare.debug", "bare.debug")]),
        ("hidden", &[("bare", "bare"), ("bare.debug", ".debug/bare.debug")]),
        ("by convention", &[("bare", "app"), ("bare.debug", "app.debug")]),
        ("by llvm-objcopy", &[("bare", "app"), ("bare-llvm.debug", "app.debug")]),
        ("by elfutils", &[("bare-elfutils", "app"), ("bare-elfutils.debug", "bare-elfutils.debug")]),
        ("without an id", &[("bare-noid", "app"), ("bare-noid.debug", "bare-noid.debug")]),
    ];
    for (name, files) in layouts {
        let place = folder(&name.replace(' ', "-"));
        lay(&place, files);
        let model = must_analyze(&place.join(files[0].1), &search(&[], &none));
        assert_eq!(code(&model), expected, "{name}");
        assert_eq!(model.facts.debug_files, [place.join(files[1].1).display().to_string()], "{name}");
        assert_eq!(model.facts.debug_info.as_deref(), Some("dwarf5"), "{name}");
        assert!(model.facts.stripped, "{name}: the file itself has no symbols");
        assert!(model.diagnostics.is_empty(), "{name}: {:?}", model.diagnostics);
    }

    // In the folder of the system, by id and below the folder of the program.
    let (place, system) = (folder("program"), folder("system"));
    lay(&place, &[("bare", "app")]);
    lay(&system, &[("bare.debug", &by_id)]);
    assert_eq!(code(&must_analyze(&place.join("app"), &search(&[], &system))), expected);
    let system = folder("system-below");
    let real = std::fs::canonicalize(&place).expect("it is there");
    let below = real.strip_prefix("/").expect("it is absolute").join("bare.debug");
    lay(&system, &[("bare.debug", below.to_str().expect("UTF-8"))]);
    assert_eq!(code(&must_analyze(&place.join("app"), &search(&[], &system))), expected);

    // Named by the user: the file, and a folder that holds it.
    let elsewhere = folder("elsewhere");
    lay(&elsewhere, &[("bare.debug", "any name"), ("bare.debug", "sub/bare.debug")]);
    for given in ["any name", "sub"] {
        let model = must_analyze(&place.join("app"), &search(&[&elsewhere.join(given)], &none));
        assert_eq!(code(&model), expected, "{given}");
    }
    let nothing = must_analyze(&place.join("app"), &search(&[], &none));
    assert_ne!(code(&nothing), expected);
    assert_eq!(codes(&nothing.diagnostics), ["debug-file-missing"]);
}

#[test]
fn a_file_of_another_build_is_refused_with_both_ids() {
    let none = folder("nothing-there");
    let place = folder("mixed-up");
    lay(&place, &[("bare", "app"), ("split5", "bare.debug")]);
    let id = |path: &Path| must_analyze(path, &Search::nowhere()).facts.build_id.expect("it has an id");
    let (own, other) = (id(&apart("bare")), id(&apart("split5")));
    assert_ne!(own, other);

    let model = must_analyze(&place.join("app"), &search(&[], &none));
    assert_eq!(codes(&model.diagnostics), ["debug-file-unrelated", "debug-file-missing"]);
    let text = &model.diagnostics[0].message;
    assert!(text.contains(&own) && text.contains(&other) && text.contains("bare.debug"), "{text}");
    assert!(model.facts.debug_files.is_empty() && model.facts.debug_info.is_none());

    let error = analyze(&place.join("app"), &search(&[&place.join("bare.debug")], &none)).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Unrelated { .. }), "{text}");
    assert!(text.contains(&own) && text.contains(&other) && text.contains("app"), "{text}");

    // A checksum is all that this one has.
    let place = folder("checksum");
    lay(&place, &[("bare-noid", "app"), ("bare.debug", "bare-noid.debug")]);
    let model = must_analyze(&place.join("app"), &search(&[], &none));
    let text = &model.diagnostics[0].message;
    let crc = |name: &str| {
        let mut crc = flate2::Crc::new();
        crc.update(&std::fs::read(apart(name)).expect("readable"));
        format!("{:08x}", crc.sum())
    };
    assert!(text.contains(&crc("bare.debug")) && text.contains(&crc("bare-noid.debug")), "{text}");

    // Not an object file at all, or nowhere.
    for given in ["Cargo.toml", "no such file", "src"] {
        let given = Path::new(env!("CARGO_MANIFEST_DIR")).join(given);
        assert!(analyze(&apart("bare"), &search(&[&given], &none)).is_err(), "{}", given.display());
    }
}

/// A copy of `bare` that states another name for its debug information.
fn linked_to(name: &str, place: &Path) -> PathBuf {
    let mut bytes = std::fs::read(apart("bare")).expect("readable");
    let at = bytes.windows(11).position(|w| w == b"bare.debug\0").expect("it names its debug information");
    assert!(name.len() <= 15, "the section has 16 bytes");
    // The checksum behind it is overwritten; the id decides.
    bytes[at..at + 16].fill(0);
    bytes[at..at + name.len()].copy_from_slice(name.as_bytes());
    let path = place.join("app");
    std::fs::write(&path, bytes).expect("it can be written");
    path
}

#[test]
fn nothing_is_opened_where_a_binary_points_to() {
    let none = folder("no-system");
    let place = folder("hostile/inner");
    // What the link would lead to is a file that fits.
    lay(&place, &[("bare.debug", "../x.debug"), ("bare.debug", "below/x.debug")]);
    let absolute = Path::new("/tmp").join(format!("bl{}", std::process::id() % 1_000_000));
    std::fs::copy(apart("bare.debug"), &absolute).expect("a fixture can be copied");
    let absolute_name = absolute.to_str().expect("UTF-8").to_string();
    for name in ["../x.debug", "below/x.debug", &absolute_name, "..", ".", "/", "../../etc/shad"] {
        let model = must_analyze(&linked_to(name, &place), &search(&[], &none));
        assert!(model.facts.debug_files.is_empty(), "{name}: {:?}", model.facts.debug_files);
        assert!(model.facts.debug_info.is_none(), "{name}");
    }
    std::fs::remove_file(absolute).expect("it is there");
    // The name alone counts.
    lay(&place, &[("bare.debug", "y.debug")]);
    let model = must_analyze(&linked_to("../../y.debug", &place), &search(&[], &none));
    assert_eq!(model.facts.debug_files, [place.join("y.debug").display().to_string()]);
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_not_opened() {
    let none = folder("no-system-either");
    let place = folder("pipe");
    lay(&place, &[("bare", "app")]);
    let made = std::process::Command::new("mkfifo").arg(place.join("bare.debug")).status();
    assert!(made.expect("mkfifo runs").success());
    std::os::unix::fs::symlink("/dev/zero", place.join("app.debug")).expect("a link can be made");
    // Opening the pipe would wait for a writer for ever, reading the device would never end.
    let model = must_analyze(&place.join("app"), &search(&[], &none));
    assert!(model.facts.debug_files.is_empty());
    for given in ["bare.debug", "app.debug"] {
        let error = analyze(&place.join("app"), &search(&[&place.join(given)], &none)).unwrap_err();
        assert!(matches!(error, Error::Open { .. }), "{error}");
    }
}

#[test]
fn split_units_have_the_names_of_their_other_halves() {
    let none = folder("no-system-split");
    let language = |version: u8| if version == 4 { C99 } else { C11 };
    for version in [4, 5] {
        let program = format!("split{version}");
        let (main, list) = (format!("{program}-main.dwo"), format!("{program}-list.dwo"));
        let package = format!("{program}.dwp");
        let named = |name: &str, of: u16| (name.to_string(), of);
        let full = [named("c/list.c", language(version)), named("c/main.c", language(version))];
        let mut layouts: Vec<(&str, Vec<(&str, &str)>)> =
            vec![("beside", vec![(&main, &main), (&list, &list)])];
        let (in_deps_main, in_deps_list) = (format!("deps/{main}"), format!("deps/{list}"));
        layouts.push(("cargo", vec![(&main, &in_deps_main), (&list, &in_deps_list)]));
        if version == 4 {
            layouts.push(("package", vec![(&package, &package)]));
        }
        for (name, files) in layouts {
            let place = folder(&format!("{program}-{name}"));
            lay(&place, &[(&program, &program)]);
            lay(&place, &files);
            assert_eq!(units(&place.join(&program), &search(&[], &none)), full, "{program} {name}");
        }
        // One half is missing.
        let place = folder(&format!("{program}-half"));
        lay(&place, &[(&program, &program), (&main, &main)]);
        let half = units(&place.join(&program), &search(&[], &none));
        assert_eq!(half, [named("c/main.c", language(version)), named(&format!("out/{list}"), 0)]);
        let model = must_analyze(&place.join(&program), &search(&[], &none));
        assert_eq!(codes(&model.diagnostics), ["split-units-missing"]);
        // Those of another program have other ids.
        let place = folder(&format!("{program}-wrong"));
        lay(&place, &[(&program, &program), (&list, &main)]);
        let model = must_analyze(&place.join(&program), &search(&[], &none));
        assert!(codes(&model.diagnostics).contains(&"split-units-missing"), "{:?}", model.diagnostics);
    }
}

#[test]
fn split_units_of_rust_give_the_same_crates() {
    let none = folder("no-system-rust");
    let alone = folder("rust-alone");
    lay(&alone, &[("rust", "rust")]);
    let packed = folder("rust-packed");
    lay(&packed, &[("rust", "rust"), ("rust.dwp", "rust.dwp")]);
    let unpacked = folder("rust-unpacked");
    let halves: Vec<String> = std::fs::read_dir(apart(""))
        .expect("readable")
        .map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"))
        .filter(|name| name.ends_with(".rcgu.dwo"))
        .collect();
    assert_eq!(halves.len(), 2);
    let files: Vec<(&str, &str)> = halves.iter().map(|name| (name.as_str(), name.as_str())).collect();
    lay(&unpacked, &[("rust", "rust")]);
    lay(&unpacked, &files);

    let read = |place: &Path| units(&place.join("rust"), &search(&[], &none));
    assert_eq!(read(&packed), read(&unpacked));
    let names: Vec<String> = read(&packed).into_iter().map(|(name, _)| name).collect();
    assert!(names[0].starts_with("apart/main.rs/@/rust."), "{names:?}");
    assert!(names[1].starts_with("apart/parts.rs/@/parts."), "{names:?}");
    assert!(read(&packed).iter().all(|(_, language)| *language == RUST));

    // The names of the files name codegen units too.
    let crates = |place: &Path| {
        let model = must_analyze(&place.join("rust"), &search(&[], &none));
        let filter = Some(Filter::parse("kind=code").expect("it is a filter"));
        let dims = vec![Dim::InstantiatedBy];
        let answer = tree(&model, &View { dims, filter, sort: Sort::Name, ..View::default() });
        let row = |n: &bloat::model::view::Node| (answer.keys[0].label(n.key), n.sizes.file);
        answer.roots.iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(crates(&alone), crates(&packed));
    assert_eq!(crates(&packed), crates(&unpacked));
    let named: Vec<String> = crates(&packed).into_iter().map(|(name, _)| name).collect();
    assert!(named.iter().any(|n| n == "parts") && named.iter().any(|n| n == "rust"), "{named:?}");
}

#[test]
fn texts_in_a_shared_file_are_found() {
    let system = folder("system-shared");
    let place = folder("shared");
    lay(&place, &[("shared", "shared"), ("shared.debug", "shared.debug")]);
    let producers = |search: &Search| {
        let input = Input::open(&place.join("shared")).expect("it is there");
        let read = bloat::format::read_with(&input, search, |image| {
            let named = image.units.iter().filter(|u| !u.name.is_empty());
            named.map(|u| (u.producer.to_string(), u.comp_dir.to_string())).collect::<Vec<_>>()
        });
        read.expect("it is readable")
    };
    let without = producers(&search(&[], &system));
    let model = must_analyze(&place.join("shared"), &search(&[], &system));
    assert!(codes(&model.diagnostics).contains(&"supplement-missing"), "{:?}", model.diagnostics);
    lay(&system, &[("common.debug", ".dwz/common.debug")]);
    let with = producers(&search(&[], &system));
    assert_ne!(with, without);
    assert!(!with.is_empty() && with.iter().all(|(p, d)| p.starts_with("GNU C") && d == "/src"), "{with:?}");
}

#[test]
fn symbols_inside_the_program_are_read() {
    let none = folder("no-system-inside");
    let functions = |model: &Model| {
        let filter = Some(Filter::parse("section=.text").expect("it is a filter"));
        let view = View {
            dims: vec![Dim::Symbol],
            filter,
            measure: Measure::File,
            sort: Sort::Name,
            ..View::default()
        };
        let answer = tree(model, &view);
        answer.roots.iter().map(|n| (answer.keys[0].label(n.key), n.sizes.file)).collect::<Vec<_>>()
    };
    let whole = functions(&must_analyze(&apart("whole"), &search(&[], &none)));
    let inside = must_analyze(&apart("inside"), &search(&[], &none));
    assert_eq!(functions(&inside), whole);
    assert!(whole.iter().any(|(name, _)| name == "main"), "{whole:?}");
    assert!(inside.facts.debug_files.is_empty() && inside.facts.stripped);
}

/// Marsaglia's xorshift: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[test]
fn damaged_files_apart_do_no_harm() {
    let none = folder("no-system-damaged");
    let place = folder("damaged");
    let subjects = [
        ("bare", "bare.debug"),
        ("split4", "split4.dwp"),
        ("split4", "split4-main.dwo"),
        ("rust", "rust.dwp"),
        ("shared", "shared.debug"),
        ("inside", "inside"),
    ];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut read, mut refused) = (0, 0);
    for (program, file) in subjects {
        lay(&place, &[(program, program), ("common.debug", "common.debug")]);
        let bytes = std::fs::read(apart(file)).expect("readable");
        // Compressed data is where a decoder can be led astray.
        let packed = bytes.windows(6).position(|w| w == b"\xfd7zXZ\0").filter(|_| file == "inside");
        let (first, len) = packed.map_or((0, bytes.len()), |at| (at, 1000));
        for round in 0..if packed.is_some() { 200 } else { 40 } {
            let mut changed = bytes.clone();
            if round % 4 == 0 {
                changed.truncate(random.below(bytes.len()));
            } else {
                for _ in 0..1 + random.below(8) {
                    let at = first + random.below(len);
                    changed[at] = if round % 2 == 0 { 0xff } else { changed[at] ^ 1 << random.below(8) };
                }
            }
            std::fs::write(place.join(file), &changed).expect("it can be written");
            // Found, and as the user's word has it.
            let outcomes = [
                analyze(&place.join(program), &search(&[], &none)),
                analyze(&place.join(program), &search(&[&place.join(file)], &none)),
            ];
            for outcome in outcomes {
                match outcome {
                    Ok(_) => read += 1,
                    Err(_) => refused += 1,
                }
            }
        }
        std::fs::remove_dir_all(&place).expect("it can be removed");
    }
    assert!(read > 100 && refused > 20, "{read} read, {refused} refused");
}

#[test]
fn a_module_is_told_by_its_code() {
    let none = folder("no-system-wasm");
    let wasm = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/wasm").join(name);
    let debug = "station-dwarf-v1.wasm";
    let whole = code(&must_analyze(&wasm(debug), &search(&[], &none)));
    let split = must_analyze(&wasm("station-external-v1.wasm"), &search(&[], &none));
    assert_eq!(split.facts.debug_files, [wasm(debug).display().to_string()]);
    assert_eq!(code(&split), whole);

    // Of other code, whatever its name.
    let place = folder("wasm");
    std::fs::copy(wasm("station-external-v1.wasm"), place.join("app.wasm")).expect("it can be copied");
    std::fs::copy(wasm("station-dwarf-v2.wasm"), place.join(debug)).expect("it can be copied");
    let model = must_analyze(&place.join("app.wasm"), &search(&[], &none));
    assert_eq!(codes(&model.diagnostics), ["debug-file-unrelated", "debug-file-missing"]);
    assert!(model.facts.debug_info.is_none());
}
