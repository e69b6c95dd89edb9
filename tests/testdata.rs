//! `testdata/manifest/` and the folders beside it say the same: every file is listed with its size.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The size of every file below a folder, by its path from there.
fn files_below(folder: &Path, prefix: &str, found: &mut BTreeMap<String, u64>) {
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let entry = entry.expect("the folder is readable");
        let name = format!("{prefix}{}", entry.file_name().to_str().expect("names are ASCII"));
        let metadata = entry.metadata().expect("the file is there");
        if metadata.is_dir() {
            files_below(&entry.path(), &format!("{name}/"), found);
        } else {
            found.insert(name, metadata.len());
        }
    }
}

/// The `name` and `bytes` of every `[[file]]` of a manifest.
fn listed(manifest: &str) -> BTreeMap<String, u64> {
    let mut listed = BTreeMap::new();
    let mut name = None;
    for line in manifest.lines() {
        if let Some(value) = line.strip_prefix("name = ") {
            name = Some(value.trim_matches('"').to_owned());
        } else if let Some(bytes) = line.strip_prefix("bytes = ") {
            let name = name.take().expect("a name stands before the size");
            listed.insert(name, bytes.parse().expect("the size is a number"));
        }
    }
    listed
}

#[test]
fn manifests_list_every_file_with_its_size() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut manifests = 0;
    for entry in fs::read_dir(testdata.join("manifest")).expect("the folder is readable") {
        let path = entry.expect("the folder is readable").path();
        let folder = testdata.join(path.file_stem().expect("a manifest has a name"));
        let text = fs::read_to_string(&path).expect("the manifest is text");
        let mut found = BTreeMap::new();
        files_below(&folder, "", &mut found);
        assert_eq!(found, listed(&text), "{}", path.display());
        manifests += 1;
    }
    assert!(manifests > 0, "there are manifests");
}
