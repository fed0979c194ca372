//! Labelled messages for `eval` and `tune`: one JSON object a line.
//!
//! Errors name file, line and field and never repeat a field's value, because the wrong value may be
//! the message itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use ash_analysis::{Level, MessageText};
use serde_json::{Map, Value};

/// What a row must look like; part of every error.
const EXPECTED: &str = r#"{"id": "A1", "text": "…", "level": "none|low|medium|high|critical", "category": "…", "split": "test"}"#;

/// A message with the level that a person gave it.
#[derive(Clone)]
pub(crate) struct Row {
    /// Names the row in reports; the capital letters it begins with are its slice.
    pub(crate) id: String,
    pub(crate) text: MessageText,
    pub(crate) level: Level,
    pub(crate) category: String,
    /// Rows with equal `pair` are alike in words and different in level.
    pub(crate) pair: Option<String>,
    /// Neighbours that were written together; the row's own id if it has no group.
    pub(crate) group: String,
    pub(crate) split: Option<String>,
}

/// Reads all rows of the files, or those of one split.
///
/// # Errors
/// A file that cannot be read, a line that is no row, an id used twice, a split without rows.
pub(crate) fn read(paths: &[PathBuf], split: Option<&str>) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for path in paths {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let more = parse(BufReader::new(file), &path.display().to_string())?;
        let known: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        if let Some(again) = more.iter().find(|row| known.contains(row.id.as_str())) {
            bail!("{}: the id {:?} is in an earlier file too; ids must be unique", path.display(), again.id);
        }
        rows.extend(more);
    }
    select(rows, split).with_context(|| format!("nothing to judge in {}", names(paths)))
}

/// The files as a reader would name them.
pub(crate) fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn parse(reader: impl BufRead, name: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut seen = BTreeMap::new();
    for (index, line) in reader.split(b'\n').enumerate() {
        let number = index + 1;
        let line = line.with_context(|| format!("cannot read {name}"))?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let row = row(&line).map_err(|why| anyhow!("{name}:{number}: {why}; expected {EXPECTED}"))?;
        if let Some(first) = seen.insert(row.id.clone(), number) {
            bail!("{name}:{number}: the id of line {first} again; ids must be unique");
        }
        rows.push(row);
    }
    Ok(rows)
}

fn row(line: &[u8]) -> Result<Row> {
    let line =
        std::str::from_utf8(line).map_err(|e| anyhow!("invalid UTF-8 at byte {}", e.valid_up_to() + 1))?;
    let value: Value =
        serde_json::from_str(line).map_err(|e| anyhow!("no valid JSON at column {}", e.column()))?;
    let Value::Object(fields) = value else { bail!("not a JSON object") };
    let text = string(&fields, "text")?;
    let id = string(&fields, "id")?.to_owned();
    Ok(Row {
        group: fields.get("group").and_then(Value::as_str).unwrap_or(&id).to_owned(),
        id,
        text: MessageText::parse(text).map_err(|e| anyhow!("`text`: {e}"))?,
        level: string(&fields, "level")?.parse().map_err(|_| anyhow!("`level` is no level"))?,
        category: string(&fields, "category")?.to_owned(),
        pair: fields.get("pair").filter(|v| !v.is_null()).map(Value::to_string),
        split: fields.get("split").and_then(Value::as_str).map(str::to_owned),
    })
}

fn string<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str> {
    let value = fields.get(name).ok_or_else(|| anyhow!("`{name}` is missing"))?;
    let value = value.as_str().ok_or_else(|| anyhow!("`{name}` is not a string"))?;
    if value.is_empty() { Err(anyhow!("`{name}` is empty")) } else { Ok(value) }
}

fn select(rows: Vec<Row>, split: Option<&str>) -> Result<Vec<Row>> {
    if rows.is_empty() {
        bail!("the file has no rows");
    }
    let Some(split) = split else { return Ok(rows) };
    let mut sizes = BTreeMap::new();
    for row in &rows {
        *sizes.entry(row.split.clone().unwrap_or_else(|| "(none)".to_owned())).or_insert(0_usize) += 1;
    }
    let rows: Vec<Row> = rows.into_iter().filter(|r| r.split.as_deref() == Some(split)).collect();
    if rows.is_empty() {
        let known: Vec<String> = sizes.iter().map(|(name, n)| format!("{name} ({n} rows)")).collect();
        bail!("no row has split {split:?}; the file has {}", known.join(", "));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &[u8]) -> String {
        parse(text, "rows.jsonl").err().expect("the rows are wrong").to_string()
    }

    const GOOD: &str =
        r#"{"id":"A1","text":"hi","level":"none","category":"neutral","split":"dev","pair":7}"#;

    #[test]
    fn errors_name_line_and_field_and_keep_the_text_out() {
        struct Case {
            line: &'static [u8],
            says: &'static str,
        }
        let cases = [
            Case { line: b"{\"id\":\"A2\"", says: "no valid JSON" },
            Case { line: b"[1]", says: "not a JSON object" },
            Case { line: br#"{"id":"A2","level":"none","category":"x"}"#, says: "`text` is missing" },
            Case {
                line: br#"{"id":"A2","text":5,"level":"none","category":"x"}"#,
                says: "`text` is not a string",
            },
            Case { line: br#"{"id":"A2","text":"","level":"none","category":"x"}"#, says: "`text` is empty" },
            Case {
                line: br#"{"id":"A2","text":"x","level":"secret","category":"x"}"#,
                says: "`level` is no level",
            },
            Case {
                line: br#"{"id":"A1","text":"x","level":"low","category":"x"}"#,
                says: "the id of line 1",
            },
            Case { line: b"{\"id\":\"\xff\"}", says: "invalid UTF-8 at byte 8" },
        ];
        for case in cases {
            let text = [GOOD.as_bytes(), b"\n\n", case.line, b"\n"].concat();
            let error = error(&text);
            assert!(error.starts_with("rows.jsonl:3: "), "{error}");
            assert!(error.contains(case.says), "{error} does not say {}", case.says);
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_split_takes_its_rows_and_an_unknown_one_lists_what_there_is() {
        let rows = || parse(GOOD.as_bytes(), "rows.jsonl").expect("good rows");
        assert_eq!(select(rows(), Some("dev")).expect("a row").len(), 1);
        assert_eq!(rows()[0].pair.as_deref(), Some("7"));
        let error = select(rows(), Some("test")).err().expect("no rows").to_string();
        assert!(error.contains("dev (1 rows)"), "{error}");
    }
}
