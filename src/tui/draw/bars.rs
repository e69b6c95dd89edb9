//! The lines above and below the rows.

use ratatui_core::layout::Rect;

use super::{Canvas, Look, amount, spinner};
use crate::order::Arrange;
use crate::render::{change, for_terminal, human, percent, shorten, width_of};
use crate::tui::app::Explorer;
use crate::tui::keymap::{KEYS, first_key};
use crate::tui::layout;
use crate::tui::prompt::{Prompt, Purpose};
use crate::tui::views::List;

/// What is explored.
pub fn title(explorer: &Explorer, look: Look, area: Rect, canvas: &mut Canvas<'_>) {
    let facts = &explorer.shared.new.model.facts;
    let total = explorer.shared.new.model.total();
    let mut right = format!("{} {}", facts.format, facts.arch);
    right.push_str(&format!("  file {}", human(total.file)));
    if area.width >= 72 {
        right.push_str(&format!("  memory {}", human(total.memory)));
    }
    if let Some(shipped) = facts.stripped_size.filter(|&s| s < total.file && area.width >= 92) {
        right.push_str(&format!("  ships ~{}", human(shipped)));
    }
    let right = for_terminal(&right).into_owned();
    let mut left = facts.path.clone();
    if let Some(old) = &explorer.shared.baseline {
        left.push_str(&format!(" against {}", old.model.facts.path));
    }
    let width = usize::from(area.width);
    let at = width.saturating_sub(width_of(&right));
    let end = canvas.text(area.x, area.y, "bloat ", area.width, look.bold());
    let room = at.saturating_sub(usize::from(end) + 2);
    canvas.text(end, area.y, &shorten(&for_terminal(&left), room), area.width, look.plain());
    canvas.text(at as u16, area.y, &right, area.width, look.dim());
}

/// The views.
pub fn tabs(explorer: &Explorer, look: Look, area: Rect, canvas: &mut Canvas<'_>) {
    for (index, x, text) in layout::tabs(&explorer.titles(), explorer.tab, area.width) {
        let style = if index == explorer.tab { look.reversed() } else { look.plain() };
        canvas.text(x, area.y, &text, area.width, style);
    }
}

/// One part of the way to where one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    /// How many levels are entered there.
    pub depth: usize,
    /// Its first cell.
    pub x: usize,
    /// Its name, as it fits.
    pub text: String,
}

const BETWEEN: &str = " > ";

/// The way to where one is, as it fits: the whole file first, where one is last.
pub fn crumbs(explorer: &Explorer, width: usize) -> Vec<Crumb> {
    let mut names: Vec<String> = vec!["whole file".to_string()];
    names.extend(explorer.crumbs().iter().map(|name| for_terminal(name).into_owned()));
    let gaps = BETWEEN.len() * (names.len() - 1);
    let mut room = width.saturating_sub(gaps + 1);
    let mut crumbs = Vec::new();
    let mut x = 1;
    for (depth, name) in names.iter().enumerate() {
        // Each gets an equal part of what is left, and leaves what it does not need.
        let part = room / (names.len() - depth);
        let text = shorten(name, part).into_owned();
        let used = width_of(&text);
        room = room.saturating_sub(used);
        crumbs.push(Crumb { depth, x, text });
        x += used + BETWEEN.len();
    }
    crumbs
}

/// Where one is, and how much it is.
pub fn path(explorer: &Explorer, look: Look, area: Rect, canvas: &mut Canvas<'_>) {
    let Some(table) = &explorer.table else { return };
    let level = explorer.open().navigation.level();
    let rows = explorer.count();
    let noun = match (explorer.is_at_leaves(), rows) {
        (true, 1) => "run",
        (true, _) => "runs",
        (false, 1) => "row",
        (false, _) => "rows",
    };
    let mut right = format!("{} {noun}", crate::render::bytes(rows as u64));
    // What is there more than once is so in several ways: that sums to nothing.
    if level.row > 0 || table.question.content.list() != Some(List::Duplicates) {
        right.push_str(&format!(", {}", amount(table.bytes_below(level.row), explorer.is_exact)));
    }
    if explorer.is_compared() {
        right.push_str(&format!(" ({})", change(table.delta(level.row), human)));
    }
    let width = usize::from(area.width);
    let at = width.saturating_sub(width_of(&right) + 1);
    let crumbs = crumbs(explorer, at.saturating_sub(2));
    let last = crumbs.len() - 1;
    for crumb in crumbs {
        let style = if crumb.depth == last { look.bold() } else { look.plain() };
        let end = canvas.text(crumb.x as u16, area.y, &crumb.text, area.width, style);
        if crumb.depth < last {
            canvas.text(end, area.y, BETWEEN, area.width, look.dim());
        }
    }
    canvas.text(at as u16, area.y, &right, area.width, look.plain());
}

/// What happened, what is typed, or what counts.
pub fn status(explorer: &Explorer, beat: usize, look: Look, area: Rect, canvas: &mut Canvas<'_>) {
    if let Some(prompt) = &explorer.prompt {
        return typed(explorer, prompt, look, area, canvas);
    }
    let mut x = area.x + 1;
    if explorer.is_busy() {
        x = canvas.text(x, area.y, &format!("{} ", spinner(beat)), area.width, look.plain());
    }
    if let Some(message) = &explorer.message {
        canvas.text(x, area.y, &for_terminal(message), area.width, look.bold());
        return;
    }
    let mut parts: Vec<(String, bool)> = Vec::new();
    if !explorer.marks.is_empty() {
        parts.push((marked(explorer), true));
    }
    if let Some(lines) = &explorer.search.lines {
        let cursor = explorer.open().navigation.level().cursor;
        let rank = explorer.search.rank(cursor).map_or("-".to_string(), |r| r.to_string());
        parts.push((format!("match {rank} of {}", lines.len()), true));
    }
    parts.push((format!("{} bytes", explorer.question().measure.pick("file", "memory")), false));
    if explorer.is_shipped {
        parts.push(("without symbols and debug information".to_string(), true));
    }
    if let Some(filter) = &explorer.filter {
        parts.push((format!("filter: {filter}"), true));
    }
    if let Some(listed) = explorer.listed() {
        if explorer.shared.baseline.is_some() {
            parts.push(("of the new file alone".to_string(), false));
        }
        parts.push((listed.note(), false));
    }
    if explorer.is_outdated() && explorer.is_busy() {
        parts.push(("counting".to_string(), false));
    }
    for (index, (text, is_bold)) in parts.iter().enumerate() {
        if index > 0 {
            x = canvas.text(x, area.y, "  |  ", area.width, look.dim());
        }
        let style = if *is_bold { look.bold() } else { look.plain() };
        x = canvas.text(x, area.y, &for_terminal(text), area.width, style);
    }
}

/// How much is marked.
fn marked(explorer: &Explorer) -> String {
    let count = explorer.marks.len();
    let Some((sum, was)) = explorer.marked else { return format!("{count} marked") };
    let measure = explorer.measure;
    let whole = measure.of(explorer.shared.new.model.total());
    let bytes = measure.of(sum);
    let mut text = format!(
        "{count} marked: {}, {} of the {}",
        amount(bytes, explorer.is_exact),
        percent(bytes, whole),
        measure.pick("file", "memory image")
    );
    if let Some(was) = was {
        let delta = bytes.cast_signed().wrapping_sub(measure.of(was).cast_signed());
        text.push_str(&format!(" ({})", change(delta, human)));
    }
    text
}

fn typed(explorer: &Explorer, prompt: &Prompt, look: Look, area: Rect, canvas: &mut Canvas<'_>) {
    let mut x = canvas.text(area.x + 1, area.y, prompt.purpose.title(), area.width, look.bold());
    // The part around the cursor, if all of it does not fit.
    let room = usize::from(area.width.saturating_sub(x)).saturating_sub(1).max(1);
    let before = &prompt.text[..prompt.cursor];
    let mut start = 0;
    while width_of(&before[start..]) > room.saturating_sub(1) {
        start += before[start..].chars().next().map_or(1, char::len_utf8);
    }
    x = canvas.text(x, area.y, &before[start..], area.width, look.plain());
    let rest = &prompt.text[prompt.cursor..];
    let under = rest.chars().next().map_or(" ".to_string(), String::from);
    let end = canvas.text(x, area.y, &under, area.width, look.reversed());
    let end = canvas.text(end, area.y, &rest[rest.len().min(under.len())..], area.width, look.plain());
    if prompt.purpose == Purpose::Search
        && explorer.search.pattern.is_some()
        && let Some(lines) = &explorer.search.lines
    {
        canvas.text(end + 2, area.y, &format!("{} found", lines.len()), area.width, look.dim());
    }
}

/// What keys do, as far as there is room; while text is typed, what it may be.
pub fn hints(explorer: &Explorer, look: Look, area: Rect, canvas: &mut Canvas<'_>) {
    let mut x = area.x;
    if let Some(prompt) = &explorer.prompt {
        if let Some(error) = &prompt.error {
            canvas.text(x + 1, area.y, &for_terminal(error), area.width, look.error());
            return;
        }
        let hint = match prompt.purpose {
            Purpose::Search => "Enter keeps the match, n and N go on from it, Esc goes back".to_string(),
            Purpose::Filter => {
                "such as crate=serde and not kind=debug; empty shows all; Esc goes back".to_string()
            }
            Purpose::GroupBy => format!("Tab completes: {}", prompt.choices().join(" ")),
            Purpose::Export => ".json, .csv or .md says in which form; Esc goes back".to_string(),
        };
        canvas.text(x + 1, area.y, &hint, area.width, look.dim());
        return;
    }
    // The way out and the way to all others are always there.
    let always = ["quit", "help"];
    let all = || KEYS.iter().flat_map(|(_, bindings)| bindings.iter()).filter(|b| !b.hint.is_empty());
    let mut chosen: Vec<_> = all().filter(|b| always.contains(&b.hint)).collect();
    chosen.arrange_by_key(|b| always.iter().position(|a| *a == b.hint));
    chosen.extend(all().filter(|b| !always.contains(&b.hint)));
    for binding in chosen {
        let Some(key) = first_key(binding.action) else { continue };
        if usize::from(x) + key.len() + binding.hint.len() + 4 > usize::from(area.width) {
            break;
        }
        x = canvas.text(x, area.y, &format!(" {key} "), area.width, look.reversed());
        x = canvas.text(x, area.y, &format!(" {}  ", binding.hint), area.width, look.plain());
    }
}
