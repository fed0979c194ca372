//! The tables of docs/configuration.md, made from config/ash.toml and from what the code allows.

use std::fmt::Write;

use super::allowed::allowed;
use super::documented::{Table, documented};
use super::explain::defaults;
use super::{Profile, reloadable, variable};

/// Every section of config/ash.toml as Markdown: a heading, what is said about it, a table of its keys.
pub fn configuration_tables() -> String {
    let defaults = defaults(Profile::Compact);
    let mut page = String::new();
    let mut section = "";
    for table in &documented().tables {
        let mut said = || -> std::fmt::Result {
            let first = table.name.split('.').next().unwrap_or_default();
            if !table.part.is_empty() {
                part(&mut page, table)?;
            } else if first != section {
                writeln!(page, "## {}\n", capital(first))?;
            }
            section = first;
            writeln!(page, "### `[{}]`\n", table.name)?;
            paragraphs(&mut page, &table.about)?;
            if table.keys.is_empty() {
                return writeln!(page, "Nothing is set by default.\n");
            }
            writeln!(page, "| key | default | allowed | meaning | variable | SIGHUP |")?;
            writeln!(page, "|---|---|---|---|---|---|")?;
            for key in &table.keys {
                let name = key.name.rsplit('.').next().unwrap_or_default();
                let default =
                    defaults.get(&key.name).map_or("not set".to_owned(), |value| format!("`{value}`"));
                let allowed = allowed(&key.name).map(|a| a.to_string()).unwrap_or_default();
                let about = if key.shared && !key.about.is_empty() {
                    "as above".to_owned()
                } else {
                    key.about.join(" ")
                };
                let taken_up = if reloadable(&key.name) { "reload" } else { "restart" };
                let (allowed, about) = (cell(&allowed), cell(&about));
                writeln!(
                    page,
                    "| `{name}` | {} | {allowed} | {about} | `{}` | {taken_up} |",
                    cell(&default),
                    variable(&key.name)
                )?;
            }
            writeln!(page)
        };
        // Writing to a String cannot fail.
        let _ = said();
    }
    page
}

/// `--- title: rest ---` as a heading, and what follows it.
fn part(page: &mut String, table: &Table) -> std::fmt::Result {
    let Some((banner, rest)) = table.part.split_first() else { return Ok(()) };
    let title = banner.trim_matches(['-', ' ']);
    let title =
        title.split_once(": ").map_or(title.to_owned(), |(name, what)| format!("{}: {what}", capital(name)));
    writeln!(page, "## {}\n", capital(&title))?;
    paragraphs(page, rest)
}

fn paragraphs(page: &mut String, lines: &[String]) -> std::fmt::Result {
    for paragraph in lines.split(String::is_empty).filter(|lines| !lines.is_empty()) {
        writeln!(page, "{}\n", paragraph.join("\n").replace('<', "&lt;"))?;
    }
    Ok(())
}

/// What would end a cell or begin a tag, made harmless.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
