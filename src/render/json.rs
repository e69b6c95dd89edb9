//! Reports as JSON: exact, and harmless if it lands on a terminal.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use super::escape::json_escape;

/// Writes characters that act on terminals as escapes; JSON readers see no difference.
struct Harmless<F>(F);

macro_rules! delegate {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {
        $(fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $arg: $type)*) -> io::Result<()> {
            self.0.$name(writer $(, $arg)*)
        })*
    };
}

impl<F: Formatter> Formatter for Harmless<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.is_ascii() {
            return self.0.write_string_fragment(writer, &fragment.replace('\u{7f}', "\\u007f"));
        }
        let mut escaped = Vec::with_capacity(fragment.len());
        json_escape(fragment, &mut escaped);
        writer.write_all(&escaped)
    }

    delegate! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }
}

/// Writes one report as one indented JSON object and a line end.
pub fn json(report: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Harmless(PrettyFormatter::new()));
    report.serialize(&mut serializer).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// Writes values as JSON Lines: one object per line.
pub struct JsonLines<'w>(&'w mut dyn Write);

impl<'w> JsonLines<'w> {
    /// Writes to `out`.
    pub fn new(out: &'w mut dyn Write) -> JsonLines<'w> {
        JsonLines(out)
    }

    /// Writes one line.
    pub fn write(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut serializer = serde_json::Serializer::with_formatter(&mut *self.0, Harmless(CompactFormatter));
        value.serialize(&mut serializer).map_err(io::Error::from)?;
        self.0.write_all(b"\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_change_no_value() {
        let value = "plain \x1b[0m \u{9b} \u{202e} \u{e0001} größe \" \\ \u{7f}";
        for pretty in [true, false] {
            let mut out = Vec::new();
            if pretty {
                json(&value, &mut out).unwrap()
            } else {
                JsonLines::new(&mut out).write(&value).unwrap()
            }
            let text = String::from_utf8(out).unwrap();
            assert!(text.trim_end().chars().all(|c| !c.is_control() && c != '\u{202e}'), "{text}");
            assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
        }
    }
}
