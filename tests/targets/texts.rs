//! Texts: names of symbols, filters, and what a project has written down.

use std::sync::LazyLock;

use bloat::analysis::limit::Limit;
use bloat::analysis::memory;
use bloat::config;
use bloat::config::profile::Profiles;
use bloat::input::Input;
use bloat::model::Model;
use bloat::model::filter::Filter;
use bloat::model::view::{Dim, View, tree};
use bloat::names;
use bloat::project::Packages;
use bloat::project::graph::Graph;

/// Most bytes of a name that is shown, and some for the mark of what was cut off.
const LONGEST: usize = (64 << 10) + 16;

/// Every question to a name. What is written about it has an end.
pub fn names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for name in text.split('\n') {
        let shown = names::display(name);
        assert!(shown.len() <= LONGEST.max(name.len() + 16), "{} bytes of {}", shown.len(), name.len());
        let generic = names::generic(name);
        assert!(generic.len() <= LONGEST.max(name.len() + 16), "{} bytes of {}", generic.len(), name.len());
        assert_eq!((names::display(name), names::generic(name)), (shown, generic.clone()));
        let told = names::crates(name);
        assert!(told.defined_in.is_none_or(|krate| !krate.name.is_empty()), "a crate without a name");
        let _ = (names::scheme(name), names::module(name), names::crates_of_path(name));
        let _ = (names::cgu(name), names::library_crate(name), names::constant(name));
        let instance = names::instance(name);
        assert_eq!(instance.item, generic);
        let _ = (names::arguments(name), names::dropped(name), names::implemented(name));
        let _ = (names::self_type(&generic), names::type_of(&generic), names::parent(&generic));
        let _ = (names::generic_type(name), names::whole_of_part(name));
        let base = names::Suffixes::of(name);
        assert!(name.contains(base.base) && base.parts().count() <= name.len());
    }
}

/// A program with names of both manglings.
static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let path = super::root().join("testdata/bin/demo-x86_64-symtab");
    bloat::analyze(&Input::open(&path).expect("the fixture is there")).expect("it is a binary")
});

/// A filter and its contrary divide a file; an error says where it is wrong.
pub fn filter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let filter = match Filter::parse(text) {
        Ok(filter) => filter,
        Err(error) => {
            assert!(text.contains(&error.rest), "{error:?}");
            assert!(!error.what.is_empty());
            return;
        }
    };
    let total = |filter: Filter| {
        tree(&MODEL, &View { dims: vec![Dim::Kind], filter: Some(filter), ..View::default() }).total
    };
    let (with, without) = (total(filter.clone()), total(Filter::Not(Box::new(filter))));
    assert_eq!(with.file + without.file, MODEL.total().file);
    assert_eq!(with.memory + without.memory, MODEL.total().memory);
}

/// What may be in a file as its list of packages, in a linker script, on the command line and in files of a project.
pub fn project(bytes: &[u8]) {
    if let Ok(packages) = Packages::from_auditable(bytes) {
        assert!(packages.list.iter().all(|p| !p.name.is_empty()));
    }
    if let Ok(graph) = Graph::from_auditable(bytes) {
        let roots = graph.roots_for("program", &[]);
        assert!(roots.iter().all(|&root| graph.get(root).is_some()));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = (memory::parse(text), Limit::parse(text));
    let _ = (config::lockfile(text), config::lockfile_graph(text));
    let _ = (config::read(text), Profiles::of_manifest(text));
}
