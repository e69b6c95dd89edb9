//! Which profiles are compared: named ones, axes, and what users make up.

use anyhow::Result;

use crate::analysis::nearest::nearest;
use crate::cli::error::CliError;
use crate::cli::measure::Variant;
use crate::config::profile::{self, SETTINGS, Settings};

/// Profiles by name: what each changes, and what it is for. The project's own comes first, unchanged.
pub(super) const PRESETS: [(&str, &str, &str); 12] = [
    (RELEASE, "", "as the project ships"),
    (DEBUG, "", "as `cargo build` makes it"),
    ("thin-lto", "lto=thin", "optimised across crates"),
    ("fat-lto", "lto=fat", "optimised as one program"),
    ("codegen-units-1", "codegen-units=1", "each crate compiled as a whole"),
    ("opt-s", "opt-level=s", "optimised for size"),
    ("opt-z", "opt-level=z", "optimised for size, without vectorised loops"),
    ("panic-abort", "panic=abort", "panics end the program"),
    ("strip", "strip=symbols", "without symbols"),
    ("fast", "lto=fat,codegen-units=1,panic=abort,strip=symbols", "small without giving up speed"),
    ("lambda", "lto=thin,codegen-units=1,panic=abort,strip=symbols", "what cargo-lambda builds"),
    (
        "min-size",
        "opt-level=z,lto=fat,codegen-units=1,panic=abort,strip=symbols",
        "as small as settings make it",
    ),
];

/// The row that others are compared with.
pub(super) const RELEASE: &str = "release";
const DEBUG: &str = "debug";

/// What an axis tries besides the project's own value.
const AXES: [(&str, &str); 6] = [
    ("opt-level", "s,z"),
    ("lto", "thin,fat"),
    ("codegen-units", "1"),
    ("panic", "abort"),
    ("strip", "symbols"),
    ("debug", "line-tables-only,full"),
];

/// Most rows of a matrix. Each is a build.
const MOST: usize = 128;

/// What was asked for.
pub(super) struct Asked<'a> {
    pub only: &'a [String],
    pub axes: &'a [String],
    pub cross: bool,
    pub cells: &'a [String],
}

/// The rows of the matrix, the project's own profile first.
pub(super) fn rows(asked: &Asked<'_>) -> Result<Vec<Variant>> {
    let mut rows = vec![preset(RELEASE)?];
    let all = asked.only.is_empty() && asked.axes.is_empty() && asked.cells.is_empty();
    if all {
        rows.extend(PRESETS.iter().skip(1).map(|(name, ..)| preset(name)).collect::<Result<Vec<_>>>()?);
    }
    for name in asked.only.iter().filter(|name| *name != RELEASE) {
        rows.push(preset(name)?);
    }
    let axes = asked.axes.iter().map(|text| axis(text)).collect::<Result<Vec<_>>>()?;
    rows.extend(if asked.cross { crossed(&axes)? } else { alone(&axes) });
    for text in asked.cells {
        rows.push(own(text)?);
    }
    for (index, row) in rows.iter().enumerate() {
        if rows[..index].iter().any(|before| before.name == row.name) {
            return Err(CliError::new(format!("there are two profiles `{}`", row.name))
                .with_hint("give one of them another name")
                .into());
        }
    }
    if rows.len() > MOST {
        let message = format!("that makes {} builds, and {MOST} are the most", rows.len());
        return Err(CliError::new(message).with_hint("choose fewer axes or values").into());
    }
    Ok(rows)
}

/// A profile with a name of its own.
fn preset(name: &str) -> Result<Variant> {
    let Some((_, settings, _)) = PRESETS.iter().find(|(known, ..)| *known == name) else {
        let names = PRESETS.map(|(name, ..)| name);
        let error = CliError::new(format!("`{name}` is no profile of the matrix"));
        return Err(match nearest(name, names) {
            Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
            None => error.with_hint(format!("there are {}", names.join(", "))),
        }
        .into());
    };
    let settings = if settings.is_empty() { Settings::new() } else { settings_of(settings)? };
    let profile = (name == DEBUG).then(|| "dev".to_string());
    Ok(Variant { name: name.to_string(), profile, settings, ..Variant::default() })
}

fn settings_of(text: &str) -> Result<Settings> {
    profile::settings(text).map_err(|error| {
        CliError::new(format!("`{text}` is no list of settings"))
            .with_source(error)
            .with_hint("write them as lto=fat,opt-level=z")
            .into()
    })
}

/// A profile that was made up: `NAME:KEY=VALUE,...`, or without a name.
fn own(text: &str) -> Result<Variant> {
    let (name, settings) = match text.split_once(':') {
        Some((name, settings)) => (name.trim(), settings),
        None => (text.trim(), text),
    };
    Ok(Variant { name: name.to_string(), settings: settings_of(settings)?, ..Variant::default() })
}

/// An axis: the names of its values, and the settings they are.
type Axis = Vec<(String, Settings)>;

/// `lto`, or with values of one's own: `opt-level=1,2`.
fn axis(text: &str) -> Result<Axis> {
    let (key, values) = text.split_once('=').map_or((text, None), |(key, values)| (key, Some(values)));
    let known = AXES.iter().find(|(axis, _)| *axis == key).map(|(_, values)| *values);
    let Some(values) = values.or(known) else {
        let error = CliError::new(format!("`--axis {text}` has no values"));
        let axes = AXES.map(|(axis, _)| axis);
        return Err(match nearest(key, axes) {
            _ if SETTINGS.contains(&key) => error.with_hint(format!("write them as {key}=VALUE,VALUE")),
            Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
            None => error.with_hint(format!("axes are {}", axes.join(", "))),
        }
        .into());
    };
    let values = values.split(',').map(str::trim).filter(|value| !value.is_empty());
    values.map(|value| Ok((format!("{key}={value}"), settings_of(&format!("{key}={value}"))?))).collect()
}

/// Each value by itself.
fn alone(axes: &[Axis]) -> Vec<Variant> {
    let all = axes.iter().flatten();
    all.map(|(name, settings)| Variant {
        name: name.clone(),
        settings: settings.clone(),
        ..Variant::default()
    })
    .collect()
}

/// Every combination of values, the project's own being one of each axis; without the row that changes nothing.
fn crossed(axes: &[Axis]) -> Result<Vec<Variant>> {
    let mut rows: Vec<(Vec<String>, Settings)> = vec![(Vec::new(), Settings::new())];
    for axis in axes {
        if rows.len().saturating_mul(axis.len() + 1) > MOST {
            return Err(CliError::new(format!("that makes more than {MOST} builds"))
                .with_hint("choose fewer axes or values")
                .into());
        }
        let mut more: Vec<(Vec<String>, Settings)> = Vec::new();
        for (name, settings) in axis {
            for (names, before) in &rows {
                let names = names.iter().chain([name]).cloned().collect();
                let both = before.iter().chain(settings).map(|(k, v)| (k.clone(), v.clone())).collect();
                more.push((names, both));
            }
        }
        rows.extend(more);
    }
    let rows = rows.into_iter().skip(1);
    Ok(rows
        .map(|(names, settings)| Variant { name: names.join(","), settings, ..Variant::default() })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[&str], axes: &[&str], cross: bool, cells: &[&str]) -> Result<Vec<String>> {
        let owned = |words: &[&str]| words.iter().map(|w| w.to_string()).collect::<Vec<_>>();
        let (only, axes, cells) = (owned(only), owned(axes), owned(cells));
        let rows = rows(&Asked { only: &only, axes: &axes, cross, cells: &cells })?;
        Ok(rows.into_iter().map(|row| row.name).collect())
    }

    #[test]
    fn every_named_profile_can_be_made() {
        let all = names(&[], &[], false, &[]).unwrap();
        assert_eq!(all, PRESETS.map(|(name, ..)| name));
        assert!(PRESETS.iter().all(|(_, _, what)| !what.is_empty()));
        assert_eq!(preset("min-size").unwrap().settings.len(), 5);
        assert_eq!(preset("debug").unwrap().profile.as_deref(), Some("dev"));
    }

    #[test]
    fn axes_are_tried_alone_or_crossed() {
        assert_eq!(
            names(&[], &["lto", "opt-level=1"], false, &[]).unwrap(),
            ["release", "lto=thin", "lto=fat", "opt-level=1"]
        );
        assert_eq!(
            names(&[], &["lto=fat", "opt-level"], true, &[]).unwrap(),
            [
                "release",
                "lto=fat",
                "opt-level=s",
                "lto=fat,opt-level=s",
                "opt-level=z",
                "lto=fat,opt-level=z"
            ]
        );
    }

    #[test]
    fn profiles_can_be_made_up() {
        let cells = ["tiny: opt-level=z,lto=true", "lto=off"];
        assert_eq!(names(&["strip"], &[], false, &cells).unwrap(), ["release", "strip", "tiny", "lto=off"]);
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        let error = |only: &[&str], axes: &[&str], cells: &[&str]| {
            let error = names(only, axes, true, cells).unwrap_err();
            format!("{error:#} {}", crate::cli::error::hint(&error).unwrap_or_default())
        };
        assert!(error(&["min-sise"], &[], &[]).contains("did you mean `min-size`?"));
        assert!(error(&[], &["ltoo"], &[]).contains("did you mean `lto`?"));
        assert!(error(&[], &["rpath"], &[]).contains("write them as rpath=VALUE"));
        assert!(error(&[], &[], &["x:lto"]).contains("sets nothing"));
        assert!(error(&["strip", "strip"], &[], &[]).contains("two profiles `strip`"));
        let many = ["opt-level=0,1,2,3,s,z", "lto", "codegen-units=1,2,4,8", "panic", "strip"];
        assert!(error(&[], &many, &[]).contains("more than 128 builds"));
    }
}
