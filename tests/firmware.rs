//! Flash and RAM of firmware, as the program headers that `readelf` prints add up to.

mod oracles;
mod program;

use std::path::{Path, PathBuf};

use serde_json::Value;

use oracles::oracle;
use program::{bloat, stdout};

fn firmware(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/elf").join(name)
}

/// Physical address, virtual address, bytes stored and bytes in memory of each loadable segment.
fn loads(file: &Path) -> Option<Vec<[u64; 4]>> {
    let printed = oracle("readelf", &["-lW"], file)?;
    let hex = |word: &str| u64::from_str_radix(word.trim_start_matches("0x"), 16).expect("a number");
    let lines = printed.lines().map(|l| l.split_whitespace().collect::<Vec<_>>());
    let all: Vec<[u64; 4]> = lines
        .filter(|words| words.first() == Some(&"LOAD"))
        .map(|words| [hex(words[3]), hex(words[2]), hex(words[4]), hex(words[5])])
        .collect();
    assert!(all.len() >= 3, "{printed}");
    Some(all)
}

fn overview(file: &Path, options: &[&str]) -> Value {
    let printed = stdout(bloat().arg("show").arg(file).args(["--format", "json"]).args(options));
    serde_json::from_str(&printed).expect("it is JSON")
}

#[test]
fn flash_and_ram_are_what_the_program_headers_add_up_to() {
    for name in ["firmware-thumbv7em-v1", "firmware-thumbv7em-v2"] {
        let file = firmware(name);
        let Some(loads) = loads(&file) else { return };
        // As `memory.x` has it: flash below, two blocks of RAM from here on.
        let in_ram = |address: u64| address >= 0x1000_0000;
        let in_main = |address: u64| address >= 0x2000_0000;
        let flash: u64 = loads.iter().filter(|l| !in_ram(l[0])).map(|l| l[2]).sum();
        let ram: u64 = loads.iter().filter(|l| in_ram(l[1])).map(|l| l[3]).sum();
        let main: u64 = loads.iter().filter(|l| in_main(l[1])).map(|l| l[3]).sum();
        assert!(0 < main && main < ram, "{name} uses both blocks");
        // Initial data is counted in both.
        assert!(loads.iter().any(|l| !in_ram(l[0]) && in_ram(l[1]) && l[2] > 0), "{name} has initial data");

        let regions = overview(&file, &[])["memory_regions"].clone();
        assert_eq!((&regions[0]["name"], &regions[0]["used"]), (&"flash".into(), &flash.into()), "{name}");
        assert_eq!((&regions[1]["name"], &regions[1]["used"]), (&"RAM".into(), &ram.into()), "{name}");

        let script = firmware("memory.x");
        let named = overview(&file, &["--memory", script.to_str().expect("UTF-8")])["memory_regions"].clone();
        assert_eq!((&named[0]["name"], &named[0]["used"]), (&"FLASH".into(), &flash.into()), "{name}");
        assert_eq!((&named[1]["name"], &named[1]["used"]), (&"CCRAM".into(), &(ram - main).into()), "{name}");
        assert_eq!((&named[2]["name"], &named[2]["used"]), (&"RAM".into(), &main.into()), "{name}");
        assert_eq!(named[0]["length"], 256 << 10);
        assert_eq!(named[2]["origin"], 0x2000_0000u64);
    }
}

#[test]
fn programs_of_systems_have_no_regions() {
    for name in ["station-aarch64-v1", "station-x86_64-v1"] {
        assert_eq!(overview(&firmware(name), &[]).get("memory_regions"), None, "{name}");
    }
}

#[test]
fn segments_are_named_by_their_region() {
    let (file, script) = (firmware("firmware-thumbv7em-v1"), firmware("memory.x"));
    let printed =
        stdout(bloat().arg("show").arg(&file).arg("--memory").arg(&script).args(["--by", "segment"]));
    assert!(printed.contains("FLASH LOAD #") && printed.contains("RAM LOAD #"), "{printed}");
}
