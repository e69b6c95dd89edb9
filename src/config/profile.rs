//! Profiles of Cargo: <https://doc.rust-lang.org/cargo/reference/profiles.html>.
//!
//! What a manifest sets, what that amounts to with inheritance and defaults, and changes
//! written on a command line. Two profiles that amount to the same compare equal.

use std::collections::BTreeMap;
use std::fmt;

use toml_edit::{Item, TableLike};

use super::toml::{ConfigError, Source};
use crate::analysis::nearest::nearest;

/// Every setting of a profile that stable cargo knows, apart from `inherits` and overrides for packages.
pub const SETTINGS: [&str; 11] = [
    "opt-level",
    "lto",
    "codegen-units",
    "panic",
    "strip",
    "debug",
    "split-debuginfo",
    "debug-assertions",
    "overflow-checks",
    "incremental",
    "rpath",
];

/// Profiles that cargo defines, and what they set where nothing else is said.
const BUILT_IN: [(&str, &[(&str, &str)]); 2] = [
    (
        "dev",
        &[
            ("opt-level", "0"),
            ("debug", "full"),
            ("codegen-units", "256"),
            ("debug-assertions", "true"),
            ("overflow-checks", "true"),
            ("incremental", "true"),
        ],
    ),
    (
        "release",
        &[
            ("opt-level", "3"),
            ("debug", "none"),
            ("codegen-units", "16"),
            ("debug-assertions", "false"),
            ("overflow-checks", "false"),
            ("incremental", "false"),
        ],
    ),
];

/// What both of them set.
const COMMON: [(&str, &str); 4] =
    [("lto", "false"), ("panic", "unwind"), ("strip", "none"), ("rpath", "false")];

/// The value of a setting as it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// `true` or `false`.
    Bool(bool),
    /// A number, such as `16` or the `3` of `opt-level`.
    Integer(i64),
    /// A word, such as `"fat"`.
    Text(String),
}

/// As TOML.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Setting::Bool(value) => write!(f, "{value}"),
            Setting::Integer(value) => write!(f, "{value}"),
            // Words have no characters that TOML would want escaped: see `word`.
            Setting::Text(value) => write!(f, "\"{value}\""),
        }
    }
}

/// Settings by key, in the order of keys.
pub type Settings = BTreeMap<String, Setting>;

/// Reads changes as they are typed: `lto=fat,opt-level=z`, with or without quotes.
///
/// *Errors*: a [`ConfigError`] that names the key or value that is none.
pub fn settings(text: &str) -> Result<Settings, ConfigError> {
    let error = |message: String| ConfigError { line: None, message };
    let mut all = Settings::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let Some((key, value)) = part.split_once('=') else {
            return Err(error(format!("`{part}` sets nothing: write KEY=VALUE, such as lto=fat")));
        };
        let (key, value) = (key.trim(), value.trim());
        if !SETTINGS.contains(&key) {
            let meant = nearest(key, SETTINGS).map(|near| format!(", did you mean `{near}`?"));
            let meant = meant.unwrap_or_else(|| format!("; settings are {}", SETTINGS.join(", ")));
            return Err(error(format!("`{key}` is no setting of a profile{meant}")));
        }
        let Some(value) = written(value) else {
            return Err(error(format!("`{value}` is no value for `{key}`")));
        };
        if all.insert(key.to_string(), value).is_some() {
            return Err(error(format!("`{key}` is set twice")));
        }
    }
    if all.is_empty() {
        return Err(error("no setting is given: write KEY=VALUE, such as lto=fat".to_string()));
    }
    Ok(all)
}

fn written(value: &str) -> Option<Setting> {
    let quoted = ['"', '\''].iter().find_map(|&q| value.strip_prefix(q)?.strip_suffix(q));
    if let Some(text) = quoted {
        return word(text).then(|| Setting::Text(text.to_string()));
    }
    match (value.parse(), value.parse()) {
        (Ok(value), _) => Some(Setting::Bool(value)),
        (_, Ok(value)) => Some(Setting::Integer(value)),
        _ => word(value).then(|| Setting::Text(value.to_string())),
    }
}

/// Whether a text is a word, which is all that any setting takes.
fn word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// What one profile of a manifest says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Written {
    inherits: Option<String>,
    settings: Settings,
}

/// The profiles of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profiles {
    written: BTreeMap<String, Written>,
}

impl Profiles {
    /// Reads the profiles of a root manifest. What cargo would refuse is left out: cargo says it better.
    ///
    /// *Errors*: [`ConfigError`] where the text is no TOML.
    pub fn of_manifest(text: &str) -> Result<Profiles, ConfigError> {
        let source = Source(text);
        let document = source.parse()?;
        let mut written = BTreeMap::new();
        let profiles = document.get("profile").and_then(Item::as_table_like);
        for (name, item) in profiles.into_iter().flat_map(|p| p.iter()) {
            if let Some(table) = item.as_table_like() {
                written.insert(name.to_string(), profile(table));
            }
        }
        Ok(Profiles { written })
    }

    /// Adds the profiles of a file of cargo's configuration, which take precedence over what is there.
    ///
    /// *Errors*: [`ConfigError`] where the text is no TOML.
    pub fn add_config(&mut self, text: &str) -> Result<(), ConfigError> {
        for (name, above) in Profiles::of_manifest(text)?.written {
            let below = self.written.entry(name).or_default();
            below.settings.extend(above.settings);
            below.inherits = above.inherits.or(below.inherits.take());
        }
        Ok(())
    }

    /// Adds a setting from elsewhere, which takes precedence over what is there: an environment variable.
    pub fn set(&mut self, profile: &str, key: &str, value: &str) {
        if let Some(value) = written(value) {
            let profile = self.written.entry(profile.to_string()).or_default();
            profile.settings.insert(key.to_string(), value);
        }
    }

    /// Names of the profiles that the manifest defines or changes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.written.keys().map(String::as_str)
    }

    /// What a profile amounts to: every setting that is known, in words that are equal for equal meanings.
    ///
    /// `changes` come on top. Settings that follow the platform (`split-debuginfo`) are there only if they are set.
    pub fn effective(&self, name: &str, changes: &Settings) -> BTreeMap<String, String> {
        // From the profile to its root. No chain is longer than there are profiles.
        let mut chain = Vec::new();
        let mut next = name;
        for _ in 0..=self.written.len() {
            let written = self.written.get(next);
            chain.extend(written.map(|w| &w.settings));
            next = match (next, written.and_then(|w| w.inherits.as_deref())) {
                ("dev" | "release", _) => break,
                (_, Some(parent)) => parent,
                ("test", None) => "dev",
                (_, None) => "release",
            };
        }
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        let built_in = BUILT_IN.iter().find(|(root, _)| *root == next).map(|(_, settings)| *settings);
        for (key, value) in COMMON.iter().chain(built_in.unwrap_or_default()) {
            all.insert(key.to_string(), value.to_string());
        }
        for (key, value) in chain.into_iter().rev().chain([changes]).flatten() {
            all.insert(key.clone(), meaning(key, value));
        }
        all
    }
}

fn profile(table: &dyn TableLike) -> Written {
    let inherits = table.get("inherits").and_then(Item::as_str).map(str::to_string);
    let value = |item: &Item| {
        let bool = item.as_bool().map(Setting::Bool);
        let integer = || item.as_integer().map(Setting::Integer);
        bool.or_else(integer).or_else(|| item.as_str().map(|text| Setting::Text(text.to_string())))
    };
    let settings = table.iter().filter(|(key, _)| SETTINGS.contains(key));
    let settings = settings.filter_map(|(key, item)| Some((key.to_string(), value(item)?))).collect();
    Written { inherits, settings }
}

/// One word for all ways to write the same.
fn meaning(key: &str, value: &Setting) -> String {
    let text = match value {
        Setting::Text(text) => text.clone(),
        other => other.to_string(),
    };
    let same: &[(&str, &str)] = match key {
        "lto" => &[("true", "fat"), ("n", "off"), ("no", "off"), ("y", "fat"), ("yes", "fat"), ("on", "fat")],
        "strip" => &[("true", "symbols"), ("false", "none")],
        "debug" => &[("true", "full"), ("2", "full"), ("1", "limited"), ("false", "none"), ("0", "none")],
        _ => &[],
    };
    same.iter().find(|(word, _)| *word == text).map_or(text, |(_, meaning)| meaning.to_string())
}

/// What a file of cargo's configuration says of how to call rustc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    /// Whether it has flags for rustc, for every platform or for some.
    pub has_flags: bool,
    /// Whether it chooses a platform.
    pub has_platform: bool,
}

/// Reads what a file of cargo's configuration says of how to call rustc.
///
/// *Errors*: [`ConfigError`] where the text is no TOML.
pub fn calls(text: &str) -> Result<Calls, ConfigError> {
    let document = Source(text).parse()?;
    let has = |item: &Item, key: &str| item.get(key).is_some();
    let build = document.get("build");
    let mut platforms =
        document.get("target").and_then(Item::as_table_like).into_iter().flat_map(|t| t.iter());
    Ok(Calls {
        has_flags: build.is_some_and(|b| has(b, "rustflags"))
            || platforms.any(|(_, item)| has(item, "rustflags")),
        has_platform: build.is_some_and(|b| has(b, "target")),
    })
}

/// A manifest in which a feature switches on other items than it did. All else stays as it is written.
///
/// *Errors*: [`ConfigError`] where the text is no TOML, or has no such feature.
pub fn with_feature(text: &str, feature: &str, items: &[String]) -> Result<String, ConfigError> {
    let source = Source(text);
    let document = source.parse()?;
    let missing = || source.error(None, format!("there is no feature `{feature}`"));
    let features = document.get("features").and_then(Item::as_table_like).ok_or_else(missing)?;
    let place = features.get(feature).and_then(Item::span).ok_or_else(missing)?;
    let quoted: Vec<String> = items.iter().map(|item| format!("\"{item}\"")).collect();
    let (before, after) = (text.get(..place.start), text.get(place.end..));
    Ok(format!("{}[{}]{}", before.unwrap_or_default(), quoted.join(", "), after.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn effective(manifest: &str, name: &str, changes: &str) -> BTreeMap<String, String> {
        let changes = if changes.is_empty() { Settings::new() } else { settings(changes).unwrap() };
        Profiles::of_manifest(manifest).unwrap().effective(name, &changes)
    }

    #[test]
    fn changes_are_read_with_and_without_quotes() {
        let all = settings("lto=fat, opt-level=\"z\",codegen-units = 1,strip=true").unwrap();
        let text: Vec<String> = all.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        assert_eq!(text, ["codegen-units = 1", "lto = \"fat\"", "opt-level = \"z\"", "strip = true"]);
        let message = |text: &str| settings(text).unwrap_err().message;
        assert!(message("optlevel=3").contains("did you mean `opt-level`?"));
        assert!(message("lto").contains("sets nothing"));
        assert!(message("lto=fat,lto=thin").contains("set twice"));
        assert!(message("lto=\"a\nb\"").contains("no value for `lto`"));
        assert!(message("").contains("no setting"));
    }

    #[test]
    fn what_amounts_to_the_same_is_equal() {
        let plain = effective("", "release", "");
        for same in ["opt-level=3", "lto=false", "strip=none", "debug=0", "codegen-units=16", "panic=unwind"]
        {
            assert_eq!(effective("", "release", same), plain, "{same}");
        }
        for other in ["lto=off", "lto=thin", "opt-level=2", "strip=debuginfo", "debug=1"] {
            assert_ne!(effective("", "release", other), plain, "{other}");
        }
        let fat = "[profile.release]\nlto = true\n";
        assert_eq!(effective(fat, "release", "lto=fat"), effective(fat, "release", ""));
        assert_ne!(effective("", "dev", ""), plain);
    }

    #[test]
    fn profiles_inherit() {
        let manifest = "[profile.release]\nstrip = true\n[profile.dist]\ninherits = \"release\"\nlto = \"thin\"\n\
            [profile.loop]\ninherits = \"loop\"\n[profile.release.package.a]\nopt-level = 1\n";
        let dist = effective(manifest, "dist", "opt-level=s");
        let get = |key: &str| dist.get(key).map(String::as_str);
        let found = ["strip", "lto", "opt-level", "debug"].map(get);
        assert_eq!(found, [Some("symbols"), Some("thin"), Some("s"), Some("none")]);
        assert_eq!(effective(manifest, "test", ""), effective("", "dev", ""));
        assert_eq!(effective(manifest, "bench", ""), effective(manifest, "release", ""));
        // Cargo refuses it; here it ends.
        effective(manifest, "loop", "");
    }

    #[test]
    fn features_are_edited_in_place() {
        let text = "[features] # all\ndefault = [\n  \"std\", # why\n]\nstd = []\n";
        let items = ["a".to_string(), "dep:b".to_string()];
        let edited = with_feature(text, "default", &items).unwrap();
        assert_eq!(edited, "[features] # all\ndefault = [\"a\", \"dep:b\"]\nstd = []\n");
        assert_eq!(with_feature(text, "std", &[]).unwrap(), text);
        assert!(with_feature(text, "none", &[]).is_err_and(|e| e.message.contains("no feature `none`")));
        assert!(with_feature("", "default", &[]).is_err());
    }

    #[test]
    fn configuration_comes_on_top_of_the_manifest() {
        let mut profiles = Profiles::of_manifest(
            "[profile.release]\nlto = true\nstrip = true\n[profile.dist]\ninherits = \"dev\"\n",
        )
        .unwrap();
        profiles
            .add_config("[profile.release]\nlto = \"off\"\npanic = \"abort\"\n[build]\njobs = 1\n")
            .unwrap();
        profiles
            .add_config("[profile]\ndist.opt-level = \"s\"\n[profile.tiny]\ninherits = \"dist\"\n")
            .unwrap();
        let release = profiles.effective("release", &Settings::new());
        assert_eq!(["lto", "panic", "strip"].map(|key| release[key].as_str()), ["off", "abort", "symbols"]);
        let tiny = profiles.effective("tiny", &Settings::new());
        assert_eq!(["opt-level", "debug"].map(|key| tiny[key].as_str()), ["s", "full"]);
        assert!(profiles.add_config("profile = [").is_err());
    }

    #[test]
    fn flags_for_rustc_are_seen() {
        let seen = |text: &str| {
            let calls = calls(text).unwrap();
            (calls.has_flags, calls.has_platform)
        };
        assert_eq!(seen("[build]\nrustflags = [\"-g\"]\ntarget = \"x\"\n"), (true, true));
        assert_eq!(seen("target.'cfg(unix)'.rustflags = \"-g\"\n"), (true, false));
        assert_eq!(
            seen("[build]\njobs = 2\n[target.x]\nlinker = \"cc\"\n[env]\nrustflags = \"1\"\n"),
            (false, false)
        );
    }

    #[test]
    fn the_environment_comes_on_top() {
        let mut profiles = Profiles::of_manifest("[profile.release]\nlto = true\n").unwrap();
        profiles.set("release", "lto", "off");
        assert_eq!(profiles.effective("release", &Settings::new())["lto"], "off");
        assert!(Profiles::of_manifest("[profile").is_err());
    }
}
