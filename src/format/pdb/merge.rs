//! One symbol for each thing: records of modules state sizes and names for people,
//! public names are those that linkers saw.

use super::facts::Placed;
use super::modules::{Sort, Thing};
use crate::format::{Binding, Symbol, SymbolKind};

/// Most pairs of things and names of one place that are compared.
const MOST_COMPARED: usize = 4096;

/// Puts things and public names together.
///
/// A thing has the name that the linker saw if that is mangled as compilers do that
/// keep the structure of paths in it (`_R`, `_Z`). What MSVC decorates is shown as the
/// compiler wrote it for people.
pub(super) fn symbols<'d>(
    mut things: Vec<Thing<'d>>,
    mut publics: Vec<Thing<'d>>,
    has_underscores: bool,
    locate: &(dyn Fn(u16, u32) -> Option<Placed> + Sync),
) -> Vec<Symbol<'d>> {
    if has_underscores {
        publics.iter_mut().for_each(|p| p.name = undecorated(p.name));
    }
    let key = |t: &Thing<'d>| (t.place, t.sort, t.name, std::cmp::Reverse(t.size), !t.is_global);
    things.sort_unstable_by_key(key);
    // A variable of a file is listed by its module and once more among the globals.
    things.dedup_by(|b, a| (a.place, a.sort, a.name) == (b.place, b.sort, b.name));
    publics.sort_unstable_by_key(key);
    publics.dedup();

    let mut symbols = Vec::with_capacity(things.len() + publics.len());
    let mut push = |thing: &Thing<'d>| {
        let Some(at) = locate(thing.place.section, thing.place.offset) else { return };
        symbols.push(Symbol {
            name: thing.name,
            prefix: 0,
            address: 0,
            pos: Some(at.pos),
            size: thing.size.into(),
            section: None,
            file: None,
            kind: match thing.sort {
                Sort::Code => SymbolKind::Function,
                // Its type is not read, so its size is not known.
                Sort::Data => SymbolKind::Label,
                Sort::ThreadLocal => SymbolKind::Tls,
            },
            binding: if thing.is_global { Binding::Global } else { Binding::Local },
            is_static: true,
        });
    };
    let mut publics = publics.into_iter().peekable();
    for things in things.chunk_by(|a, b| a.place == b.place) {
        let Some(place) = things.first().map(|t| t.place) else { continue };
        let mut names: Vec<Thing<'d>> = Vec::new();
        while let Some(name) = publics.next_if(|p| p.place <= place) {
            if name.place < place { push(&name) } else { names.push(name) }
        }
        for thing in things {
            push(&named(thing, &mut names, things.len()));
        }
        names.iter().for_each(&mut push);
    }
    publics.for_each(|p| push(&p));
    symbols
}

/// A thing under its best name. Takes the public name that is the same thing's, of which
/// there may be others at the place where `alike` things are.
fn named<'d>(thing: &Thing<'d>, names: &mut Vec<Thing<'d>>, alike: usize) -> Thing<'d> {
    let found = match names.len() {
        1 if alike == 1 => Some(0),
        many if many.saturating_mul(alike) > MOST_COMPARED => None,
        // Functions of equal code were folded into one.
        _ => names.iter().position(|n| n.name == thing.name).or_else(|| {
            let own = last_identifier(thing.name);
            names.iter().position(|n| !own.is_empty() && contains(n.name, own))
        }),
    };
    let Some(public) = found.map(|index| names.remove(index)) else { return *thing };
    let name = if keeps_paths(public.name) { public.name } else { thing.name };
    Thing { name, is_global: true, ..*thing }
}

fn keeps_paths(name: &[u8]) -> bool {
    [&b"_R"[..], b"_Z", b"__R", b"__Z"].iter().any(|prefix| name.starts_with(prefix))
}

/// `new` of `alloc::vec::Vec<u8>::new`; empty if the name ends in something else.
fn last_identifier(name: &[u8]) -> &[u8] {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let start = name.iter().rposition(|b| !is_part(b)).map_or(0, |at| at + 1);
    name.get(start..).unwrap_or_default()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len().max(1)).any(|window| window == part)
}

/// A C name without the underscore that 32-bit x86 puts in front.
fn undecorated(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"_").filter(|rest| !rest.is_empty()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::super::records::Place;
    use super::*;

    fn thing(offset: u32, size: u32, name: &str) -> Thing<'_> {
        let place = Place { section: 1, offset };
        Thing { place, size, name: name.as_bytes(), sort: Sort::Code, is_global: false }
    }

    fn merged<'n>(things: &[Thing<'n>], publics: &[Thing<'n>], x86: bool) -> Vec<(u64, u64, &'n str)> {
        let locate = |_: u16, offset: u32| Some(Placed { pos: offset.into(), len: 100 });
        let all = symbols(things.to_vec(), publics.to_vec(), x86, &locate);
        all.iter().map(|s| (s.pos.unwrap(), s.size, std::str::from_utf8(s.name).unwrap())).collect()
    }

    #[test]
    fn a_mangled_path_replaces_the_text_and_what_msvc_decorates_does_not() {
        let things = [thing(0, 8, "core::fmt::write"), thing(8, 4, "ns::Class::method")];
        let publics = [
            thing(0, 0, "_ZN4core3fmt5write17h0123456789abcdefE"),
            thing(8, 0, "?method@Class@ns@@QEAAXXZ"),
            thing(20, 0, "memcpy"),
        ];
        let want = [
            (0, 8, "_ZN4core3fmt5write17h0123456789abcdefE"),
            (8, 4, "ns::Class::method"),
            (20, 0, "memcpy"),
        ];
        assert_eq!(merged(&things, &publics, false), want);
    }

    #[test]
    fn folded_functions_keep_their_own_names() {
        let things = [thing(0, 8, "a::first"), thing(0, 8, "a::second")];
        let publics = [thing(0, 0, "_RNvCs1_1a6second"), thing(0, 0, "_RNvCs1_1b5third")];
        let want = [(0, 8, "a::first"), (0, 8, "_RNvCs1_1a6second"), (0, 0, "_RNvCs1_1b5third")];
        assert_eq!(merged(&things, &publics, false), want);
    }

    #[test]
    fn names_of_32_bit_x86_lose_an_underscore() {
        let publics = [thing(0, 0, "_main"), thing(4, 0, "__ZN1a1bE"), thing(8, 0, "_")];
        assert_eq!(merged(&[], &publics, true), [(0, 0, "main"), (4, 0, "_ZN1a1bE"), (8, 0, "_")]);
    }

    #[test]
    fn a_variable_listed_twice_is_one() {
        let mut data = thing(0, 0, "COUNT");
        data.sort = Sort::Data;
        assert_eq!(merged(&[data, data], &[], false), [(0, 0, "COUNT")]);
    }
}
