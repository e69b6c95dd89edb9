//! The keys: one table that handling, the help screen, the line of hints and the manual share.

use ratatui_crossterm::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// To the line above; in the treemap to the box above.
    Up,
    /// To the line below.
    Down,
    /// Out of the group; in the treemap to the box on the left.
    Left,
    /// Into the group; in the treemap to the box on the right.
    Right,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
    /// Half a screen up.
    HalfUp,
    /// Half a screen down.
    HalfDown,
    /// To the first line.
    First,
    /// To the last line.
    Last,
    /// Into the group.
    Enter,
    /// Out of the group.
    Back,
    /// To the next tab.
    NextView,
    /// To the tab before.
    PreviousView,
    /// To the tab that has this key.
    View(char),
    /// From a row of a list to the bytes of what it stands for.
    Bytes,
    /// Asks for dimensions.
    GroupBy,
    /// Opens or closes the treemap.
    Treemap,
    /// Opens or closes the details.
    Details,
    /// Details on.
    DetailsDown,
    /// Details back.
    DetailsUp,
    /// Every claim on the selected place.
    Claims,
    /// Asks what to look for.
    Search,
    /// To the next match.
    NextMatch,
    /// To the match before.
    PreviousMatch,
    /// Asks for a filter.
    Filter,
    /// Orders by the next column.
    Sort,
    /// Turns the order around.
    Reverse,
    /// Marks the selected row and goes on.
    Mark,
    /// Marks every row of the level.
    MarkAll,
    /// Takes all marks away.
    Unmark,
    /// File or memory.
    Measure,
    /// All, or what strip leaves.
    Shipped,
    /// Rounded or exact.
    Exact,
    /// Asks where to write.
    Export,
    /// The whole name to the clipboard.
    Copy,
    /// Opens or closes the help.
    Help,
    /// Closes what is open, or goes back.
    Escape,
    /// Draws everything anew.
    Redraw,
    /// Leaves the program to the shell for a while.
    Suspend,
    /// Ends the program, or closes the help.
    Quit,
    /// Ends the program whatever is open.
    Abort,
}

/// A key as it is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Press {
    /// The key.
    pub code: KeyCode,
    /// Whether with Ctrl.
    pub control: bool,
}

const fn key(code: KeyCode) -> Press {
    Press { code, control: false }
}

const fn char(c: char) -> Press {
    key(KeyCode::Char(c))
}

const fn control(c: char) -> Press {
    Press { code: KeyCode::Char(c), control: true }
}

impl Press {
    /// Its name for people.
    pub fn name(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".to_string(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Up => "Up".to_string(),
            KeyCode::Down => "Down".to_string(),
            KeyCode::Left => "Left".to_string(),
            KeyCode::Right => "Right".to_string(),
            KeyCode::PageUp => "PgUp".to_string(),
            KeyCode::PageDown => "PgDn".to_string(),
            KeyCode::BackTab => "Shift-Tab".to_string(),
            KeyCode::F(number) => format!("F{number}"),
            other => format!("{other:?}"),
        };
        if self.control { format!("Ctrl-{name}") } else { name }
    }

    fn is(self, event: &KeyEvent) -> bool {
        let others = KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META | KeyModifiers::HYPER;
        self.code == event.code
            && self.control == event.modifiers.contains(KeyModifiers::CONTROL)
            && !event.modifiers.intersects(others)
    }
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// Keys that do the same.
    pub keys: &'static [Press],
    /// What they do.
    pub action: Action,
    /// The same in words.
    pub help: &'static str,
    /// A word for the line of hints, where it has room.
    pub hint: &'static str,
}

/// Keys that belong together, with a heading.
pub type Group = (&'static str, &'static [Binding]);

const fn bind(keys: &'static [Press], action: Action, help: &'static str, hint: &'static str) -> Binding {
    Binding { keys, action, help, hint }
}

use Action as A;
use KeyCode as K;

/// Every key.
pub const KEYS: [Group; 5] = [
    (
        "Moving",
        &[
            bind(&[key(K::Up), char('k')], A::Up, "up (in the treemap: to the box above)", ""),
            bind(&[key(K::Down), char('j')], A::Down, "down (in the treemap: to the box below)", ""),
            bind(&[key(K::Enter), char('o')], A::Enter, "into the group", "open"),
            bind(&[key(K::Backspace), char('u')], A::Back, "out of the group", "back"),
            bind(&[key(K::Right), char('l')], A::Right, "into the group (in the treemap: right)", ""),
            bind(&[key(K::Left), char('h')], A::Left, "out of the group (in the treemap: left)", ""),
            bind(&[key(K::PageUp)], A::PageUp, "a screen up", ""),
            bind(&[key(K::PageDown)], A::PageDown, "a screen down", ""),
            bind(&[control('u')], A::HalfUp, "half a screen up", ""),
            bind(&[control('d')], A::HalfDown, "half a screen down", ""),
            bind(&[char('g'), key(K::Home)], A::First, "to the first row", ""),
            bind(&[char('G'), key(K::End)], A::Last, "to the last row", ""),
        ],
    ),
    (
        "Views",
        &[
            bind(&[key(K::Tab), char(']')], A::NextView, "next view", "view"),
            bind(&[key(K::BackTab), char('[')], A::PreviousView, "previous view", ""),
            bind(&[char('1')], A::View('1'), "the view of that number, also 2 to 9; 0 shows changes", ""),
            bind(&[char('T')], A::View('T'), "the tree of packages", ""),
            bind(&[char('D')], A::View('D'), "what is there more than once", ""),
            bind(&[char('v')], A::Bytes, "from a package or a copy to its bytes", ""),
            bind(&[char('b')], A::GroupBy, "group by other dimensions", "group by"),
            bind(&[char('t')], A::Treemap, "treemap of the level, or the list", "treemap"),
            bind(&[char('i')], A::Details, "details of the row", "details"),
            bind(&[char('J')], A::DetailsDown, "scroll the details down", ""),
            bind(&[char('K')], A::DetailsUp, "scroll the details up", ""),
            bind(&[char('c')], A::Claims, "details: every claim on the place, and who won", ""),
        ],
    ),
    (
        "Finding",
        &[
            bind(&[char('/')], A::Search, "search the level: a regular expression, as you type", "search"),
            bind(&[char('n')], A::NextMatch, "next match", ""),
            bind(&[char('N')], A::PreviousMatch, "previous match", ""),
            bind(&[char('f')], A::Filter, "filter, as `--filter` does; empty shows all", "filter"),
            bind(&[char('s')], A::Sort, "sort by the next column", "sort"),
            bind(&[char('r')], A::Reverse, "turn the order around", ""),
        ],
    ),
    (
        "Counting",
        &[
            bind(&[key(K::Char(' '))], A::Mark, "mark the row, or take its mark away", "mark"),
            bind(&[char('a')], A::MarkAll, "mark every row of the level", ""),
            bind(&[char('A')], A::Unmark, "take all marks away", ""),
            bind(&[char('m')], A::Measure, "bytes of the file, or of memory", "measure"),
            bind(&[char('p')], A::Shipped, "all, or without symbols and debug information", "shipped"),
            bind(&[char('e')], A::Exact, "exact bytes, or rounded", ""),
            bind(&[char('x')], A::Export, "export the level, or what is marked, to a file", "export"),
            bind(&[char('y')], A::Copy, "copy the whole name to the clipboard", ""),
        ],
    ),
    (
        "The program",
        &[
            bind(&[char('?'), key(K::F(1))], A::Help, "this help", "help"),
            bind(&[key(K::Esc)], A::Escape, "close what is open, then go back", ""),
            bind(&[control('l')], A::Redraw, "draw the screen anew", ""),
            bind(&[control('z')], A::Suspend, "suspend; `fg` comes back", ""),
            bind(&[char('q')], A::Quit, "quit, or close the help", "quit"),
            bind(&[control('c')], A::Abort, "quit from anywhere", ""),
        ],
    ),
];

/// What a key asks for where no text is typed.
pub fn action(event: &KeyEvent) -> Option<Action> {
    if let KeyCode::Char(digit @ '0'..='9') = event.code
        && event.modifiers.is_empty()
    {
        return Some(Action::View(digit));
    }
    let mut bindings = KEYS.iter().flat_map(|(_, bindings)| bindings.iter());
    bindings.find(|b| b.keys.iter().any(|press| press.is(event))).map(|b| b.action)
}

/// The first key of an action, for hints.
pub fn first_key(wanted: Action) -> Option<String> {
    let mut bindings = KEYS.iter().flat_map(|(_, bindings)| bindings.iter());
    bindings.find(|b| b.action == wanted).and_then(|b| Some(b.keys.first()?.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things() {
        let all: Vec<(Press, Action)> = KEYS
            .iter()
            .flat_map(|(_, bindings)| bindings.iter())
            .flat_map(|b| b.keys.iter().map(|&k| (k, b.action)))
            .collect();
        for (index, (press, action)) in all.iter().enumerate() {
            let other = all.iter().skip(index + 1).find(|(p, _)| p == press);
            assert_eq!(other, None, "{} means {action:?} already", press.name());
        }
        assert!(all.len() > 40);
    }

    #[test]
    fn shifted_letters_come_with_the_modifier_or_without() {
        let press = |code, modifiers| action(&KeyEvent::new(code, modifiers));
        assert_eq!(press(K::Char('G'), KeyModifiers::SHIFT), Some(A::Last));
        assert_eq!(press(K::Char('G'), KeyModifiers::NONE), Some(A::Last));
        assert_eq!(press(K::Char('c'), KeyModifiers::CONTROL), Some(A::Abort));
        assert_eq!(press(K::Char('c'), KeyModifiers::NONE), Some(A::Claims));
        assert_eq!(press(K::Char('4'), KeyModifiers::NONE), Some(A::View('4')));
        assert_eq!(press(K::Char('c'), KeyModifiers::ALT), None);
    }
}
