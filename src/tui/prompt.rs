//! One line of text that is being typed.

use ratatui_crossterm::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::model::view::Dim;

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A regular expression to look for.
    Search,
    /// A filter expression.
    Filter,
    /// Dimensions.
    GroupBy,
    /// The path of a file to write.
    Export,
}

impl Purpose {
    /// What stands in front of the text.
    pub fn title(self) -> &'static str {
        match self {
            Purpose::Search => "search: ",
            Purpose::Filter => "filter: ",
            Purpose::GroupBy => "group by: ",
            Purpose::Export => "export to: ",
        }
    }
}

/// A text, and where in it one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What it is for.
    pub purpose: Purpose,
    /// What was typed.
    pub text: String,
    /// Byte offset of the cursor, at the border of a character.
    pub cursor: usize,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// The text is another.
    Changed,
    /// Only the cursor moved, or nothing happened.
    Same,
    /// The text is done.
    Done,
    /// The text is given up.
    Left,
}

/// No one types more, and a paste may be anything.
const LONGEST: usize = 4096;

impl Prompt {
    /// A prompt that starts with `text`.
    pub fn new(purpose: Purpose, text: String) -> Prompt {
        Prompt { purpose, cursor: text.len(), text, error: None }
    }

    /// Takes a key.
    pub fn key(&mut self, event: &KeyEvent) -> Typed {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        match event.code {
            KeyCode::Tab if self.purpose == Purpose::GroupBy => return self.complete(),
            KeyCode::Enter => return Typed::Done,
            KeyCode::Esc => return Typed::Left,
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = self.text.len(),
            KeyCode::Char('u') if control => return self.cut(0),
            KeyCode::Char('w') if control => {
                let before = self.text[..self.cursor].trim_end();
                let start = before
                    .rfind(|c: char| !is_of_word(c))
                    .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
                return self.cut(start);
            }
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            KeyCode::Left => self.cursor = self.before(),
            KeyCode::Right => self.cursor = self.after(),
            KeyCode::Backspace if self.text.is_empty() => return Typed::Left,
            KeyCode::Backspace => return self.cut(self.before()),
            KeyCode::Delete => {
                let end = self.after();
                self.text.drain(self.cursor..end);
                return Typed::Changed;
            }
            KeyCode::Char(c) if !control && !event.modifiers.contains(KeyModifiers::ALT) => {
                return self.insert(c.encode_utf8(&mut [0; 4]));
            }
            _ => {}
        }
        Typed::Same
    }

    /// Takes text as if it was typed; what acts on terminals is left out.
    pub fn insert(&mut self, text: &str) -> Typed {
        for c in text.chars().filter(|c| !c.is_control()) {
            if self.text.len() + c.len_utf8() > LONGEST {
                break;
            }
            self.text.insert(self.cursor, c);
            self.cursor += c.len_utf8();
        }
        Typed::Changed
    }

    /// Dimensions that were not named yet: those that the word at the cursor may become, else all.
    pub fn choices(&self) -> Vec<&'static str> {
        let fitting = self.completions(&self.text[self.word()..self.cursor]);
        if fitting.is_empty() { self.completions("") } else { fitting }
    }

    fn completions(&self, word: &str) -> Vec<&'static str> {
        let named = |dim: &str| self.text.split([',', ' ']).any(|known| known == dim);
        let all = Dim::ALL.iter().map(|dim| dim.as_str());
        all.filter(|dim| dim.starts_with(word) && !named(dim)).collect()
    }

    /// Where the word at the cursor starts.
    fn word(&self) -> usize {
        self.text[..self.cursor].rfind([',', ' ']).map_or(0, |at| at + 1)
    }

    /// Makes the word at the cursor the first dimension that it may become.
    fn complete(&mut self) -> Typed {
        let start = self.word();
        let Some(&whole) = self.completions(&self.text[start..self.cursor]).first() else {
            return Typed::Same;
        };
        self.cut(start);
        self.insert(whole)
    }

    fn cut(&mut self, start: usize) -> Typed {
        self.text.drain(start..self.cursor);
        self.cursor = start;
        Typed::Changed
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].char_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.cursor + self.text[self.cursor..].chars().next().map_or(0, char::len_utf8)
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[(KeyCode, KeyModifiers)]) -> Prompt {
        let mut prompt = Prompt::new(Purpose::Filter, String::new());
        for &(code, modifiers) in keys {
            prompt.key(&KeyEvent::new(code, modifiers));
        }
        prompt
    }

    #[test]
    fn text_is_edited_by_characters() {
        let none = KeyModifiers::NONE;
        let mut keys: Vec<_> = "größe=x".chars().map(|c| (KeyCode::Char(c), none)).collect();
        keys.extend([(KeyCode::Left, none); 3]);
        keys.extend([(KeyCode::Backspace, none), (KeyCode::Delete, none), (KeyCode::Char('t'), none)]);
        assert_eq!(typed(&keys).text, "gröt=x");
        keys.push((KeyCode::Char('w'), KeyModifiers::CONTROL));
        let prompt = typed(&keys);
        assert_eq!((prompt.text.as_str(), prompt.cursor), ("=x", 0));
    }

    #[test]
    fn pasted_text_acts_on_nothing_and_ends() {
        let mut prompt = Prompt::new(Purpose::Search, String::new());
        prompt.insert("a\x1b[31m\nb");
        assert_eq!(prompt.text, "a[31mb");
        prompt.insert(&"大".repeat(LONGEST));
        assert!(prompt.text.len() <= LONGEST);
    }
}
