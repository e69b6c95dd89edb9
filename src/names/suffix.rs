//! What compilers and linkers append after the end of a mangled name.
//!
//! A suffix never changes which item a name means, only which copy or which
//! piece of it: `.llvm.N` marks a local made global by ThinLTO, `.cold` the
//! unlikely half of a function, `@@GLIBC_2.2.5` the version of a dynamic one.

/// Words that stand alone or with one number: `.cold`, `.cold.1`.
const WORDS: &[&str] = &[
    "cold",
    "warm",
    "part",
    "constprop",
    "isra",
    "lto_priv",
    "localalias",
    "resume",
    "destroy",
    "cleanup",
    "clone",
    "actor",
    "argprom",
    "argelim",
    "retelim",
    "specialized",
    "llvm",
    "__uniq",
];

/// One part appended to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suffix<'a> {
    /// `.llvm.N`: a local promoted by ThinLTO; the text is the module id `N`.
    Llvm(&'a str),
    /// `.cold`, `.cold.N`: the part a compiler moved away from the hot path.
    Cold,
    /// `.part.N`, `.constprop.N`, `.isra.N` and the like: a changed copy.
    Clone(&'a str),
    /// `.resume`, `.destroy`, `.cleanup`: one function of a split coroutine.
    Coroutine(&'a str),
    /// `@plt`: the jump slot of the named function, not the function.
    Plt,
    /// `@VERSION` or, for the default one, `@@VERSION`.
    Version(&'a str),
    /// Anything else, with its leading mark.
    Other(&'a str),
}

/// A name cut into what was mangled and what came after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suffixes<'a> {
    /// The name proper.
    pub base: &'a str,
    /// All that follows, in full; empty for most names.
    pub tail: &'a str,
}

impl<'a> Suffixes<'a> {
    /// Cuts off the suffixes that are known by their words.
    ///
    /// A bare number (`.1`) counts only after a mangled base: in a plain name
    /// it is usually the name's own (`str.4`, a function's static `buf.4`).
    pub fn of(name: &'a str) -> Self {
        let mut base = before_version(name);
        while let Some(shorter) = without_last(base) {
            base = shorter;
        }
        let tail = name.get(base.len()..).unwrap_or_default();
        Self { base, tail }
    }

    /// The parts in the order written.
    pub fn parts(&self) -> impl Iterator<Item = Suffix<'a>> + use<'a> {
        texts(self.tail).map(classify)
    }
}

/// Writes the parts of `tail` that a reader needs, as ` [.cold]`.
pub(super) fn show(tail: &str, out: &mut String) {
    for text in texts(tail) {
        if !matches!(classify(text), Suffix::Llvm(_)) {
            out.push_str(" [");
            out.push_str(text);
            out.push(']');
        }
    }
}

fn classify(text: &str) -> Suffix<'_> {
    if let Some(version) = text.strip_prefix('@') {
        return match version.strip_prefix('@').unwrap_or(version) {
            "plt" => Suffix::Plt,
            version => Suffix::Version(version),
        };
    }
    let word = text.strip_prefix('.').unwrap_or_default();
    let (word, number) = word.split_once('.').unwrap_or((word, ""));
    match word {
        "llvm" if !number.is_empty() => Suffix::Llvm(number),
        "cold" => Suffix::Cold,
        "resume" | "destroy" | "cleanup" => Suffix::Coroutine(text),
        "part" | "constprop" | "isra" | "lto_priv" | "clone" | "specialized" | "argprom" | "argelim"
        | "retelim" => Suffix::Clone(text),
        _ => Suffix::Other(text),
    }
}

/// The parts of `tail`, each with its mark: `.cold.1`, `@plt`, `$tlv$init`.
fn texts(tail: &str) -> impl Iterator<Item = &str> {
    let mut rest = tail;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = word_end(rest);
        let after = rest.get(end..).unwrap_or_default();
        if rest.starts_with('.') && after.starts_with('.') {
            let next = word_end(after);
            let number = after.get(1..next).unwrap_or_default();
            if is_number(number) && !is_number(rest.get(1..end).unwrap_or_default()) {
                end += next;
            }
        }
        let (text, others) = rest.split_at_checked(end)?;
        rest = others;
        Some(text)
    })
}

/// Where the part that starts `text` ends.
fn word_end(text: &str) -> usize {
    if !text.starts_with('.') {
        return text.len();
    }
    let from_second = text.get(1..).unwrap_or_default();
    from_second.find(['.', '@']).map_or(text.len(), |at| at + 1)
}

/// Names from MSVC start with `?` and use `@` inside; `_f@8` is a calling
/// convention of 32-bit Windows. Neither is a version.
fn before_version(name: &str) -> &str {
    if name.starts_with('?') {
        return name;
    }
    match name.split_once('@') {
        Some((base, version)) if !base.is_empty() => {
            let version = version.strip_prefix('@').unwrap_or(version);
            match version.bytes().next() {
                Some(first) if !first.is_ascii_digit() => base,
                _ => name,
            }
        }
        _ => name,
    }
}

fn without_last(base: &str) -> Option<&str> {
    let (head, last) = base.rsplit_once('.')?;
    if head.is_empty() {
        return None;
    }
    if !is_number(last) {
        return (WORDS.contains(&last) && last != "llvm").then_some(head);
    }
    if let Some((before, word)) = head.rsplit_once('.')
        && !before.is_empty()
        && WORDS.contains(&word)
    {
        return Some(before);
    }
    let mangled = head.starts_with("_R") || head.starts_with("_Z") || head.starts_with("__Z");
    mangled.then_some(head)
}

/// Decimal, or the upper-case hexadecimal older LLVM wrote.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'A'..=b'F'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_are_cut_off() {
        let cases = [
            ("main", "main", ""),
            ("_RNvC1a1b.llvm.123", "_RNvC1a1b", ".llvm.123"),
            ("_ZN1a1bE.llvm.0A1F", "_ZN1a1bE", ".llvm.0A1F"),
            ("foo.cold", "foo", ".cold"),
            ("foo.cold.1", "foo", ".cold.1"),
            ("foo.part.0.constprop.1", "foo", ".part.0.constprop.1"),
            ("foo.isra.0.cold", "foo", ".isra.0.cold"),
            ("foo.lto_priv.0", "foo", ".lto_priv.0"),
            ("_Z3foov.localalias", "_Z3foov", ".localalias"),
            ("_Z3foov.12", "_Z3foov", ".12"),
            ("buf.12", "buf.12", ""),
            ("memcpy@plt", "memcpy", "@plt"),
            ("memcpy@@GLIBC_2.14", "memcpy", "@@GLIBC_2.14"),
            ("memcpy@GLIBC_2.2.5", "memcpy", "@GLIBC_2.2.5"),
            ("_f@8", "_f@8", ""),
            ("?f@@YAHXZ", "?f@@YAHXZ", ""),
            ("@feat.00", "@feat.00", ""),
            (".cold", ".cold", ""),
            ("anon.0123.4", "anon.0123.4", ""),
            ("anon.0123.4.llvm.5", "anon.0123.4", ".llvm.5"),
            ("task.resume", "task", ".resume"),
            ("", "", ""),
        ];
        for (name, base, tail) in cases {
            assert_eq!(Suffixes::of(name), Suffixes { base, tail }, "{name}");
        }
    }

    #[test]
    fn parts_are_told_apart() {
        let parts: Vec<_> = Suffixes::of("f.part.0.cold.2.llvm.77@plt").parts().collect();
        assert_eq!(parts, [Suffix::Clone(".part.0"), Suffix::Cold, Suffix::Llvm("77"), Suffix::Plt]);
        let parts: Vec<_> = Suffixes::of("f.resume@@V_1.2").parts().collect();
        assert_eq!(parts, [Suffix::Coroutine(".resume"), Suffix::Version("V_1.2")]);
    }
}
