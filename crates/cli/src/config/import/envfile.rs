//! The `NAME=value` lines of an environment file, as Docker Compose and python-dotenv write and read them.
//!
//! Nothing is expanded and nothing is run: `${OTHER}` stays what it is. No error repeats a line, for a line that
//! could not be read may well hold a secret.

use std::collections::BTreeMap;

/// Larger than this is no environment file: 1 MiB.
pub(super) const LARGEST: u64 = 1024 * 1024;

/// Why bytes are no environment file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoEnvFile {
    /// It holds a byte 0.
    #[error("line {line} holds a byte 0: this is a binary file, not lines of NAME=value")]
    Binary {
        /// The line, from 1.
        line: usize,
    },
    /// It is not UTF-8.
    #[error("line {line} is not UTF-8: save the file as UTF-8 and try again")]
    NotUtf8 {
        /// The line, from 1.
        line: usize,
    },
    /// It is too long.
    #[error("it is longer than 1 MiB: this is not a file of NAME=value lines")]
    TooLong,
    /// No line assigns anything.
    #[error("no line of it is NAME=value")]
    Empty,
}

/// A variable and where it was set last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    /// Its name.
    pub(super) name: String,
    /// Its value, without quotes.
    pub(super) value: String,
    /// The line, from 1.
    pub(super) line: usize,
    /// The value refers to another variable, `$NAME` or `${NAME}`, and is not in single quotes.
    pub(super) refers: bool,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct EnvFile {
    /// The variables in order of their last lines, each name once.
    pub(super) variables: Vec<Variable>,
    /// What an operator should know of lines that were overruled or could not be read.
    pub(super) remarks: Vec<Remark>,
}

/// Something about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Remark {
    /// A later line sets the same name.
    Overruled {
        /// The name that is set twice.
        name: String,
        /// The line that does not count.
        line: usize,
        /// The line that does.
        by: usize,
    },
    /// It is neither blank nor a comment nor an assignment.
    NotRead {
        /// The line.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl EnvFile {
    /// Reads a whole file.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, NoEnvFile> {
        if bytes.len() as u64 > LARGEST {
            return Err(NoEnvFile::TooLong);
        }
        let line_of = |place: usize| 1 + bytes.iter().take(place).filter(|&&byte| byte == b'\n').count();
        if let Some(place) = bytes.iter().position(|&byte| byte == 0) {
            return Err(NoEnvFile::Binary { line: line_of(place) });
        }
        let text = str::from_utf8(bytes)
            .map_err(|error| NoEnvFile::NotUtf8 { line: line_of(error.valid_up_to()) })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);

        let mut last: BTreeMap<String, Variable> = BTreeMap::new();
        let mut remarks = Vec::new();
        let mut lines = (1..).zip(text.lines());
        while let Some((line, text)) = lines.next() {
            match assignment(text) {
                Ok(None) => {}
                Ok(Some(Assignment { name, value, refers })) => {
                    let variable = Variable { name: name.to_owned(), value, line, refers };
                    if let Some(before) = last.insert(name.to_owned(), variable) {
                        remarks.push(Remark::Overruled { name: before.name, line: before.line, by: line });
                    }
                }
                Err(Unread::Line(why)) => remarks.push(Remark::NotRead { line, why }),
                // What follows belongs to a value, often a key in PEM: no line of it is a variable, not even one
                // that looks so.
                Err(Unread::Open(quote)) => {
                    let is_closed = lines.any(|(_, more)| closes(more, quote));
                    let why = if is_closed {
                        "its value goes over several lines"
                    } else {
                        "its quote is not closed, and nothing behind it is read"
                    };
                    remarks.push(Remark::NotRead { line, why });
                }
            }
        }
        if last.is_empty() {
            return Err(NoEnvFile::Empty);
        }
        let mut variables: Vec<Variable> = last.into_values().collect();
        variables.sort_by_key(|variable| variable.line);
        Ok(EnvFile { variables, remarks })
    }
}

struct Assignment<'a> {
    name: &'a str,
    value: String,
    refers: bool,
}

/// Why a line is no assignment.
#[derive(Debug, Clone, Copy)]
enum Unread {
    /// By itself.
    Line(&'static str),
    /// This quote is not closed on it.
    Open(char),
}

/// The assignment of a line; none if it is blank or a comment.
fn assignment(line: &str) -> Result<Option<Assignment<'_>>, Unread> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let line = match line.strip_prefix("export") {
        Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim_start(),
        _ => line,
    };
    let (name, value) = line.split_once('=').ok_or(Unread::Line("it is not NAME=value"))?;
    let name = name.trim_end();
    let value = value.trim_start();
    let read = match value.chars().next() {
        Some('\'') => until_quote(value, '\'').map(|(value, _)| (value, false)),
        Some('"') => until_quote(value, '"').map(|(value, unescaped)| (value, refers(&unescaped))),
        _ => {
            let value = without_comment(value);
            Ok((value.to_owned(), refers(value)))
        }
    };
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    // A value that goes on is to be skipped whatever its name is.
    if !is_name && !matches!(read, Err(Unread::Open(_))) {
        return Err(Unread::Line("what stands before `=` is not a name of letters, digits and `_`"));
    }
    let (value, refers) = read?;
    Ok(Some(Assignment { name, value, refers }))
}

/// A quoted value, and what of it was not escaped. Behind the closing quote only a comment may stand.
fn until_quote(quoted: &str, quote: char) -> Result<(String, String), Unread> {
    let (mut value, mut unescaped) = (String::new(), String::new());
    let mut rest = quoted.chars();
    rest.next();
    loop {
        match rest.next() {
            None => return Err(Unread::Open(quote)),
            Some(c) if c == quote => break,
            Some('\\') if quote == '"' => match rest.next() {
                Some('n') => value.push('\n'),
                Some('t') => value.push('\t'),
                Some(c @ ('"' | '\\' | '$')) => value.push(c),
                Some(c) => value.extend(['\\', c]),
                None => return Err(Unread::Open(quote)),
            },
            Some(c) => {
                value.push(c);
                unescaped.push(c);
            }
        }
    }
    match rest.as_str().trim_start() {
        "" => Ok((value, unescaped)),
        after if after.starts_with('#') => Ok((value, unescaped)),
        _ => Err(Unread::Line("something stands behind the closing quote")),
    }
}

/// Whether a quote that was opened before ends on this line.
fn closes(line: &str, quote: char) -> bool {
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            c if c == quote => return true,
            '\\' if quote == '"' => drop(rest.next()),
            _ => {}
        }
    }
    false
}

/// An unquoted value ends where a `#` stands at its beginning or behind a space.
fn without_comment(value: &str) -> &str {
    let mut before = ' ';
    for (place, c) in value.char_indices() {
        if c == '#' && before.is_whitespace() {
            return value[..place].trim_end();
        }
        before = c;
    }
    value.trim_end()
}

fn refers(value: &str) -> bool {
    let named = |c: char| c == '{' || c == '_' || c.is_ascii_alphabetic();
    value.split('$').skip(1).any(|rest| rest.starts_with(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(line: &str) -> Result<String, NoEnvFile> {
        EnvFile::read(line.as_bytes()).map(|file| file.variables[0].value.clone())
    }

    #[test]
    fn values_are_read_as_compose_and_dotenv_read_them() {
        struct Case(&'static str, &'static str);
        for Case(line, wanted) in [
            Case("A=1", "1"),
            Case("  export A = 1  ", "1"),
            Case("A=", ""),
            Case("A=one two   # a comment", "one two"),
            Case("A=one#two", "one#two"),
            Case("A=# nothing but a comment", ""),
            Case("A='one # two' # a comment", "one # two"),
            Case("A=\"one \\\"two\\\" \\\\ \\$X\"", "one \"two\" \\ $X"),
            Case("A='C:\\new'", "C:\\new"),
            Case("\u{feff}A=1\r\n", "1"),
            Case("A=a=b", "a=b"),
            Case("A=${B:-1}", "${B:-1}"),
        ] {
            assert_eq!(value(line).as_deref(), Ok(wanted), "{line}");
        }
    }

    #[test]
    fn a_reference_is_seen_but_never_followed() {
        for (line, wanted) in [
            ("A=$B", true),
            ("A=\"x${B}\"", true),
            ("A='${B}'", false),
            ("A=\"\\$B\"", false),
            ("A=5$", false),
            ("A=$5", false),
        ] {
            assert_eq!(EnvFile::read(line.as_bytes()).unwrap().variables[0].refers, wanted, "{line}");
        }
    }

    #[test]
    fn the_last_of_several_lines_counts_and_the_others_are_told() {
        let file = EnvFile::read(b"A=1\nB=2\nA=3\n").unwrap();
        let read: Vec<_> =
            file.variables.iter().map(|v| (v.name.as_str(), v.value.as_str(), v.line)).collect();
        assert_eq!(read, [("B", "2", 2), ("A", "3", 3)]);
        assert_eq!(file.remarks, [Remark::Overruled { name: "A".to_owned(), line: 1, by: 3 }]);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_told_by_its_number_and_the_others_count() {
        let file = EnvFile::read(b"A=1\nnonsense\n1C=2\nD=\"x\" y\nB='open\nE=1\n").unwrap();
        assert_eq!(file.variables.len(), 1);
        let lines: Vec<usize> = file
            .remarks
            .iter()
            .map(|remark| match remark {
                Remark::NotRead { line, .. } => *line,
                Remark::Overruled { .. } => 0,
            })
            .collect();
        assert_eq!(lines, [2, 3, 4, 5]);
    }

    #[test]
    fn no_line_of_a_value_that_goes_over_several_is_a_variable() {
        for (env, names, lines) in [
            ("A='-----BEGIN\nabc==\nB=c\n' # end\nC=1", &["C"][..], &[1][..]),
            ("A=\"x\nabc==\n\\\"B=c\n\"\nC=1", &["C"], &[1]),
            ("A=\"x\nabc==\" D=1\nC=1", &["C"], &[1]),
            ("C=1\nA=\"x\\\nabc==\nB='c'\n", &["C"], &[2]),
            ("C=1\nno-name='x\nabc==\n'\nD=2\n", &["C", "D"], &[2]),
            ("C=1\nexport A='x\r\nabc==\r\n'\r\nD=2\n", &["C", "D"], &[2]),
        ] {
            let file = EnvFile::read(env.as_bytes()).unwrap();
            let read: Vec<&str> = file.variables.iter().map(|variable| variable.name.as_str()).collect();
            assert_eq!(read, names, "{env}");
            let unread: Vec<usize> = file
                .remarks
                .iter()
                .map(|remark| match remark {
                    Remark::NotRead { line, .. } | Remark::Overruled { line, .. } => *line,
                })
                .collect();
            assert_eq!(unread, lines, "{env}");
        }
    }

    #[test]
    fn what_is_no_environment_file_is_refused_by_its_kind() {
        assert_eq!(value("A=1\nB=\0"), Err(NoEnvFile::Binary { line: 2 }));
        assert_eq!(EnvFile::read(b"A=1\n\nB=\xff"), Err(NoEnvFile::NotUtf8 { line: 3 }));
        assert_eq!(value("# only a comment"), Err(NoEnvFile::Empty));
        assert_eq!(value(""), Err(NoEnvFile::Empty));
        assert_eq!(value(&"a".repeat(2 * 1024 * 1024)), Err(NoEnvFile::TooLong));
    }
}
