//! Decorated names of Visual C++, as far as they name a place: `shapes::Circle::area`.
//!
//! Types of parameters and results are left out: they are the larger part of such a
//! name and the smaller part of what it says. Templates and local scopes hold
//! types inside their path; their names are shown as they are.

/// Longest name that the tools write.
const LONGEST: usize = 4096;
/// Deepest path worth showing.
const DEEPEST: usize = 64;

/// The path of a decorated name, outermost scope first.
pub(super) fn path(name: &str) -> Option<Vec<String>> {
    let rest = name.strip_prefix('?').filter(|_| name.len() <= LONGEST)?;
    // A literal has a length and a checksum for a name.
    if rest.starts_with("?_C@") {
        return Some(vec!["`string'".to_string()]);
    }
    // Fragments can be repeated by their number, in the order they are written.
    let mut seen: Vec<&str> = Vec::new();
    let mut parts: Vec<String> = Vec::new();
    let (item, mut rest) = match rest.strip_prefix('?') {
        Some(special) => special_name(special)?,
        None => {
            let (item, rest) = fragment(rest, &mut seen)?;
            (Item::Plain(item.to_string()), rest)
        }
    };
    loop {
        if let Some(kind) = rest.strip_prefix('@') {
            // What follows says what it is; without that it is no decorated name.
            if kind.is_empty() {
                return None;
            }
            break;
        }
        let (scope, behind) = match rest.strip_prefix("?A") {
            Some(anonymous) => ("`anonymous namespace'", anonymous.split_once('@')?.1),
            None => fragment(rest, &mut seen)?,
        };
        parts.push(scope.to_string());
        rest = behind;
        if parts.len() > DEEPEST {
            return None;
        }
    }
    let class = parts.first().cloned();
    parts.reverse();
    parts.push(match item {
        Item::Plain(text) => text,
        Item::Constructor => class?,
        Item::Destructor => format!("~{}", class?),
    });
    Some(parts)
}

/// What a path leads to.
enum Item {
    Plain(String),
    Constructor,
    Destructor,
}

/// An identifier up to its `@`, or the number of one before.
fn fragment<'n>(text: &'n str, seen: &mut Vec<&'n str>) -> Option<(&'n str, &'n str)> {
    if let Some(digit) = text.chars().next()?.to_digit(10) {
        return Some((seen.get(digit as usize)?, text.get(1..)?));
    }
    let (name, rest) = text.split_once('@')?;
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '<' | '>' | '-' | '.');
    if name.is_empty() || !name.chars().all(is_plain) {
        return None;
    }
    if seen.len() < 10 && !seen.contains(&name) {
        seen.push(name);
    }
    Some((name, rest))
}

/// A name that no source spells: its code, then the path.
fn special_name(text: &str) -> Option<(Item, &str)> {
    const OPERATORS: [(&str, &str); 34] = [
        ("2", "new"),
        ("3", "delete"),
        ("4", "="),
        ("5", ">>"),
        ("6", "<<"),
        ("7", "!"),
        ("8", "=="),
        ("9", "!="),
        ("A", "[]"),
        ("C", "->"),
        ("D", "*"),
        ("E", "++"),
        ("F", "--"),
        ("G", "-"),
        ("H", "+"),
        ("I", "&"),
        ("J", "->*"),
        ("K", "/"),
        ("L", "%"),
        ("M", "<"),
        ("N", "<="),
        ("O", ">"),
        ("P", ">="),
        ("Q", ","),
        ("R", "()"),
        ("S", "~"),
        ("T", "^"),
        ("U", "|"),
        ("V", "&&"),
        ("W", "||"),
        ("X", "*="),
        ("Y", "+="),
        ("Z", "-="),
        ("_U", "new[]"),
    ];
    const OTHERS: [(&str, &str); 7] = [
        ("_7", "`vftable'"),
        ("_8", "`vbtable'"),
        ("_E", "`vector deleting dtor'"),
        ("_G", "`scalar deleting dtor'"),
        ("_R2", "`RTTI Base Class Array'"),
        ("_R3", "`RTTI Class Hierarchy Descriptor'"),
        ("_R4", "`RTTI Complete Object Locator'"),
    ];
    if let Some(rest) = text.strip_prefix('0') {
        return Some((Item::Constructor, rest));
    }
    if let Some(rest) = text.strip_prefix('1') {
        return Some((Item::Destructor, rest));
    }
    let named = |table: &[(&str, &str)], before: &str| {
        table.iter().find_map(|(code, name)| {
            let rest = text.strip_prefix(code)?;
            // Word operators stand apart from the word before them.
            let gap =
                if name.starts_with(|c: char| c.is_alphabetic()) && !before.is_empty() { " " } else { "" };
            Some((Item::Plain(format!("{before}{gap}{name}")), rest))
        })
    };
    named(&OTHERS, "").or_else(|| named(&OPERATORS, "operator"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str) -> Option<String> {
        path(name).map(|parts| parts.join("::"))
    }

    /// As `llvm-undname --no-access-specifier --no-calling-convention --no-return-type
    /// --no-member-type --no-variable-type` shows them, without parameters.
    #[test]
    fn paths_are_those_of_undname() {
        for (name, expected) in [
            ("?foo@@YAXXZ", "foo"),
            ("?area@Circle@shapes@@UEBAHXZ", "shapes::Circle::area"),
            ("??0Circle@shapes@@QEAA@XZ", "shapes::Circle::Circle"),
            ("??1Circle@shapes@@UEAA@XZ", "shapes::Circle::~Circle"),
            ("??_7type_info@@6B@", "type_info::`vftable'"),
            ("??_GCircle@shapes@@UEAAPEAXI@Z", "shapes::Circle::`scalar deleting dtor'"),
            ("??HVec@@QEAA?AU0@AEBU0@@Z", "Vec::operator+"),
            ("??2@YAPEAX_K@Z", "operator new"),
            ("?x@?A0x12345678@@3HA", "`anonymous namespace'::x"),
            ("?f@a@0@YAXXZ", "f::a::f"),
            ("??_R4Circle@shapes@@6B@", "shapes::Circle::`RTTI Complete Object Locator'"),
        ] {
            assert_eq!(shown(name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(shown("??_C@_05IAEKHIAN@alpha?$AA@").as_deref(), Some("`string'"));
    }

    #[test]
    fn what_holds_types_or_is_cut_off_stays_as_it_is() {
        for name in [
            "?f@?$Circle@H@shapes@@QEAAXXZ",
            "?x@?1??f@@YAXXZ@4HA",
            "?foo@@",
            "?foo",
            "?",
            "??",
            "foo",
            "?9@@YAXXZ",
        ] {
            assert_eq!(shown(name), None, "{name}");
        }
    }
}
