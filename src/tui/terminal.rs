//! The terminal: taken over at the start, given back as it was, whatever happens.

use std::io::{self, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui_core::layout::Rect;
use ratatui_core::terminal::Terminal;
use ratatui_crossterm::CrosstermBackend;
use ratatui_crossterm::crossterm::cursor::{Hide, Show};
use ratatui_crossterm::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use ratatui_crossterm::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui_crossterm::crossterm::{execute, queue};

use super::app::App;
use super::draw::{self, Look};

/// Where the screen is written to. Asked for more than once: also where a panic is.
pub type Open = fn() -> Box<dyn Write + Send>;

/// Presses and the wheel, not every move: over a slow line each would cost.
#[cfg(unix)]
mod mouse {
    use ratatui_crossterm::crossterm::style::Print;

    pub const ON: Print<&str> = Print("\x1b[?1000h\x1b[?1006h");
    pub const OFF: Print<&str> = Print("\x1b[?1006l\x1b[?1000l");
}

/// Other systems have no sequences for that.
#[cfg(not(unix))]
mod mouse {
    use ratatui_crossterm::crossterm::event::{DisableMouseCapture, EnableMouseCapture};

    pub const ON: EnableMouseCapture = EnableMouseCapture;
    pub const OFF: DisableMouseCapture = DisableMouseCapture;
}

/// Whether the terminal is taken over. A panic can happen in any thread, and only a static reaches all.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is taken over.
pub struct Screen {
    /// What is drawn on.
    pub terminal: Terminal<CrosstermBackend<Box<dyn Write + Send>>>,
    open: Open,
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// *Errors*: those of the terminal, which is then as it was.
    pub fn take(open: Open) -> io::Result<Screen> {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            give_back(open);
            hook(panic);
        }));
        enter(open)?;
        let terminal = Terminal::new(CrosstermBackend::new(open())).inspect_err(|_| give_back(open))?;
        Ok(Screen { terminal, open })
    }

    /// Draws the state, unless a panic in another thread has given the terminal back.
    pub fn draw(&mut self, app: &App, look: Look) -> io::Result<()> {
        if IS_TAKEN.load(Ordering::SeqCst) {
            self.terminal.draw(|frame| draw::draw(app, look, frame.buffer_mut()))?;
        }
        Ok(())
    }

    /// Gives the terminal back for as long as `meanwhile` takes.
    pub fn without(&mut self, meanwhile: impl FnOnce()) -> io::Result<()> {
        give_back(self.open);
        meanwhile();
        enter(self.open)?;
        self.redraw()
    }

    /// Has every cell drawn next, whatever is on the screen.
    ///
    /// Not by `Terminal::clear`: it asks the terminal where the cursor is, and the answer goes to
    /// whoever reads keys.
    pub fn redraw(&mut self) -> io::Result<()> {
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))
    }

    /// Writes to the terminal besides the screen.
    pub fn send(&mut self, text: &str) -> io::Result<()> {
        let mut out = (self.open)();
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back(self.open);
    }
}

fn enter(open: Open) -> io::Result<()> {
    enable_raw_mode()?;
    IS_TAKEN.store(true, Ordering::SeqCst);
    let mut out = open();
    execute!(out, EnterAlternateScreen, EnableBracketedPaste, mouse::ON, Hide)
        .inspect_err(|_| give_back(open))
}

/// Leaves the terminal as it was. Does nothing if it is that already.
pub fn give_back(open: Open) {
    if !IS_TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = open();
    // Each step for itself: what fails must not keep the others from being done.
    let _ = queue!(out, mouse::OFF);
    let _ = queue!(out, DisableBracketedPaste);
    let _ = queue!(out, Show);
    let _ = execute!(out, LeaveAlternateScreen);
    let _ = disable_raw_mode();
}

/// A text for the clipboard of the terminal (OSC 52), wherever the program runs.
///
/// Terminals take some kilobytes; what is longer is cut at a character.
pub fn clipboard(text: &str) -> String {
    const MOST: usize = 48 << 10;
    let cut = (0..=text.len().min(MOST)).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    format!("\x1b]52;c;{}\x07", base64(&text.as_bytes()[..cut]))
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let mut word = [0u8; 4];
        word[1..=three.len()].copy_from_slice(three);
        let bits = u32::from_be_bytes(word);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= three.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        // RFC 4648 section 10.
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, coded) in cases {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn the_clipboard_gets_whole_characters() {
        let long = "大".repeat(100_000);
        assert!(clipboard(&long).len() < 70 << 10);
        assert_eq!(clipboard("foo"), "\x1b]52;c;Zm9v\x07");
    }
}
