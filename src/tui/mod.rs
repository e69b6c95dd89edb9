//! The terminal UI: a binary explored the way people explore a disk.
//!
//! [`app`] is the state, from events to effects, and touches nothing; [`draw`] only reads
//! it; [`worker`] does what takes longer than a frame; [`terminal`] has the terminal.
//! This file ties them together. How files are opened and analysed is the business of the
//! [`Source`] that is handed in.

pub mod app;
pub mod details;
pub mod draw;
pub mod export;
pub mod jobs;
pub mod keymap;
pub mod layout;
pub mod marks;
pub mod navigation;
pub mod prompt;
pub mod table;
pub mod terminal;
pub mod treemap;
pub mod views;
pub mod worker;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use ratatui_crossterm::crossterm::event as terminal_event;

use app::{App, Effect, Event, Progress};
use draw::Look;
use table::{Models, Side};
use terminal::{Open, Screen};
use worker::{Watch, Worker};

use crate::attrib::Reasons;
use crate::model::{Contents, Model};
use crate::timing;

/// A file as it was read.
#[derive(Debug)]
pub struct Explored {
    /// What is in it.
    pub model: Model,
    /// What its symbols hold, where there is something to compare with.
    pub contents: Contents,
    /// Whether it is a snapshot, which has sums and no places.
    pub is_snapshot: bool,
}

/// What all threads share.
#[derive(Debug)]
pub struct Shared {
    /// The file that is explored.
    pub new: Explored,
    /// The one it is compared with.
    pub baseline: Option<Explored>,
}

impl Shared {
    /// The models that names come from.
    pub fn models(&self) -> Models<'_> {
        Models { new: &self.new.model, old: self.baseline.as_ref().map(|old| &old.model) }
    }

    /// The file of a side.
    pub fn of(&self, side: Side) -> Option<&Explored> {
        if side == Side::New { Some(&self.new) } else { self.baseline.as_ref() }
    }
}

/// Where the models and bytes come from. Used by several threads.
pub trait Source: Send + Sync {
    /// The path of the file, for people.
    fn path(&self) -> String;

    /// Reads and analyses the files.
    ///
    /// *Errors*: what ends the program, in words.
    fn load(&self) -> anyhow::Result<Shared>;

    /// Bytes of a file from position `start`, at most `len`; `None` for what has none.
    fn bytes(&self, side: Side, start: u64, len: usize) -> Option<Vec<u8>>;

    /// Whether reasons can be given.
    fn has_claims(&self, side: Side) -> bool;

    /// Why the byte at a position has the owner it has.
    fn reasons(&self, side: Side, pos: u64) -> Option<Reasons>;
}

/// What reaches the loop.
#[derive(Debug)]
pub enum Message {
    /// Something for the state.
    Event(Event),
    /// The analysis failed.
    Failed(anyhow::Error),
    /// A signal asks the program to end.
    Signal(i32),
    /// A thread is gone, and has said why.
    Broken,
}

/// How long nothing may happen until progress is drawn.
const BEAT: Duration = Duration::from_millis(100);

/// Runs the UI until the user quits.
///
/// *Errors*: those of the terminal and of the analysis. The terminal is as it was, also
/// after a panic, or a signal, which then ends the program as it would have at once.
pub fn run(source: Arc<dyn Source>, open: Open, look: Look) -> anyhow::Result<()> {
    let (sender, messages) = channel();
    // Before the terminal is taken over, so that no signal finds it half-way.
    signals(&sender)?;
    let mut screen = Screen::take(open)?;
    let size = screen.terminal.size()?;
    let mut app = App::new(source.path(), (size.width, size.height));
    screen.terminal.draw(|frame| draw::draw(&app, look, frame.buffer_mut()))?;
    let start = Instant::now();
    keys(&sender, start)?;
    analyse(&source, &sender)?;
    let ended = turn(&source, &sender, &messages, &mut screen, &mut app, look, start);
    drop(screen);
    match ended? {
        None => Ok(()),
        Some(signal) => end_by(signal),
    }
}

/// The loop: takes all that has happened, then draws once.
fn turn(
    source: &Arc<dyn Source>,
    sender: &Sender<Message>,
    messages: &Receiver<Message>,
    screen: &mut Screen,
    app: &mut App,
    look: Look,
    start: Instant,
) -> anyhow::Result<Option<i32>> {
    let mut worker: Option<Worker> = None;
    loop {
        let first = if app.is_busy() {
            match messages.recv_timeout(BEAT) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => Message::Event(match app.screen {
                    app::Screen::Loading(_) => {
                        Event::Progress(Progress { done: timing::phases(), elapsed: start.elapsed() })
                    }
                    app::Screen::Explorer(_) => Event::Tick,
                }),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        } else {
            match messages.recv() {
                Ok(message) => message,
                Err(_) => return Ok(None),
            }
        };
        // A change of size that comes with a key may not be told by the terminal library.
        let size = screen.terminal.size()?;
        let resize = ((size.width, size.height) != app.size)
            .then_some(Message::Event(Event::Resize(size.width, size.height)));
        for message in std::iter::once(first).chain(messages.try_iter()).chain(resize) {
            let event = match message {
                Message::Event(event) => event,
                Message::Failed(error) => return Err(error),
                Message::Signal(signal) => return Ok(Some(signal)),
                Message::Broken => return Err(anyhow::anyhow!("a part of the program failed, see above")),
            };
            if let Event::Loaded(shared) = &event {
                worker = Some(Worker::start(shared, source, sender)?);
            }
            for effect in app.update(event) {
                match effect {
                    Effect::Quit => return Ok(None),
                    Effect::Ask(job) => {
                        if let Some(worker) = &worker {
                            worker.ask(job);
                        }
                    }
                    Effect::Copy(text) => screen.send(&terminal::clipboard(&text))?,
                    Effect::Suspend => suspend(screen)?,
                    Effect::Redraw => screen.terminal.clear()?,
                }
            }
        }
        screen.terminal.draw(|frame| draw::draw(app, look, frame.buffer_mut()))?;
    }
}

/// Reads keys, the mouse and sizes in a thread of its own, as nothing can wait for both them and answers.
fn keys(sender: &Sender<Message>, start: Instant) -> anyhow::Result<()> {
    use terminal_event::Event as Read;
    let sender = sender.clone();
    let read = move || {
        while let Ok(read) = terminal_event::read() {
            let event = match read {
                Read::Key(key) if key.kind != terminal_event::KeyEventKind::Release => Event::Key(key),
                Read::Mouse(mouse) => Event::Mouse(mouse, start.elapsed()),
                Read::Paste(text) => Event::Paste(text),
                Read::Resize(width, height) => Event::Resize(width, height),
                _ => continue,
            };
            if sender.send(Message::Event(event)).is_err() {
                return;
            }
        }
        // The terminal is gone, and so is whoever looked at it.
        let _ = sender.send(Message::Failed(anyhow::anyhow!("the terminal can no longer be read")));
    };
    thread::Builder::new().name("keys".to_string()).spawn(read)?;
    Ok(())
}

fn analyse(source: &Arc<dyn Source>, sender: &Sender<Message>) -> anyhow::Result<()> {
    let (source, sender) = (source.clone(), sender.clone());
    timing::enable();
    let load = move || {
        let _watch = Watch(sender.clone());
        let message = match source.load() {
            Ok(shared) => Message::Event(Event::Loaded(Arc::new(shared))),
            Err(error) => Message::Failed(error),
        };
        // Whoever quit meanwhile does not want it.
        let _ = sender.send(message);
    };
    thread::Builder::new().name("analysis".to_string()).spawn(load)?;
    Ok(())
}

#[cfg(unix)]
fn signals(sender: &Sender<Message>) -> anyhow::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
    let sender = sender.clone();
    let wait = move || {
        for signal in signals.forever() {
            if sender.send(Message::Signal(signal)).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("signals".to_string()).spawn(wait)?;
    Ok(())
}

/// Ends as if the signal had not been caught, so that the shell sees why.
#[cfg(unix)]
fn end_by(signal: i32) -> anyhow::Result<()> {
    Ok(signal_hook::low_level::emulate_default_handler(signal)?)
}

#[cfg(unix)]
fn suspend(screen: &mut Screen) -> anyhow::Result<()> {
    screen.without(|| {
        // If it fails the program simply goes on.
        let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP);
    })?;
    Ok(())
}

#[cfg(not(unix))]
fn signals(_: &Sender<Message>) -> anyhow::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn end_by(_: i32) -> anyhow::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn suspend(_: &mut Screen) -> anyhow::Result<()> {
    Ok(())
}
