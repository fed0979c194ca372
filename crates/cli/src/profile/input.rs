//! The messages that are profiled: arguments, a file, or standard input.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, IsTerminal};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use ash_analysis::MessageText;
use serde::Deserialize;

/// More messages say nothing more about where the time goes.
const MOST: usize = 4096;
/// The longest line: a message in JSON, each of its bytes written as `\u0000`.
const LONGEST: usize = MessageText::MAX_BYTES * 6 + 1024;

/// A line of JSON: of `eval`'s rows the text is read, of requests the message.
#[derive(Deserialize)]
struct Json {
    #[serde(alias = "message")]
    text: String,
}

/// Where the messages are.
pub(crate) enum Source<'a> {
    Standard,
    File(&'a str),
    /// Each argument is one.
    Arguments(&'a [String]),
}

impl<'a> Source<'a> {
    /// One argument is a file if there is one of that name.
    ///
    /// # Errors
    /// A folder, or a file beside others: it is named, for it is one and no message.
    pub(crate) fn of(arguments: &'a [String]) -> Result<Self> {
        match arguments {
            [] if io::stdin().is_terminal() => {
                bail!("no message given; try `ash-nlp profile \"some text\"`, or `ash-nlp profile --help`")
            }
            [] => Ok(Source::Standard),
            [one] if one == "-" => Ok(Source::Standard),
            [one] => match fs::metadata(one) {
                Ok(there) if there.is_dir() => {
                    bail!("{one} is a folder; give a file with a message a line, or a message")
                }
                Ok(_) => Ok(Source::File(one)),
                // To be told when it is opened.
                Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(Source::File(one)),
                Err(_) => Ok(Source::Arguments(arguments)),
            },
            several => {
                let file = several.iter().find(|one| fs::metadata(one).is_ok_and(|there| !there.is_dir()));
                let folder = several.iter().find(|one| one.contains('/') && Path::new(one.as_str()).is_dir());
                match file.or(folder) {
                    Some(folder) if Path::new(folder.as_str()).is_dir() => {
                        bail!("{folder} is a folder; give a file with a message a line, or messages")
                    }
                    Some(file) => bail!(
                        "{file} is a file, and of those only one can be profiled, with no message beside it; \
                         `cat` them and give `-`"
                    ),
                    None => Ok(Source::Arguments(several)),
                }
            }
        }
    }

    /// The file that the messages are in; standard input may be one, too.
    pub(crate) fn path(&self) -> Option<&'a Path> {
        match self {
            Source::Standard => Some(Path::new("/dev/stdin")),
            Source::File(name) => Some(Path::new(*name)),
            Source::Arguments(_) => None,
        }
    }

    /// The places, from 1, of arguments that look like the names of files that are not there.
    pub(crate) fn doubtful(&self) -> Vec<usize> {
        let Source::Arguments(texts) = self else { return Vec::new() };
        let numbered = texts.iter().zip(1..);
        numbered.filter(|(text, _)| looks_like_a_file(text)).map(|(_, number)| number).collect()
    }

    /// All messages, at least one.
    ///
    /// # Errors
    /// A file that cannot be read, or a line that is no message: it is named by its number, never shown.
    pub(crate) fn read(&self) -> Result<Vec<MessageText>> {
        match self {
            Source::Standard => lines(io::stdin().lock(), "standard input"),
            Source::File(name) => {
                let file = File::open(name).with_context(|| format!("cannot open {name}"))?;
                lines(BufReader::new(file), name)
            }
            Source::Arguments(texts) => {
                let parse = |(i, text): (usize, &String)| {
                    MessageText::parse(text).with_context(|| format!("message {}", i + 1))
                };
                texts.iter().enumerate().map(parse).collect()
            }
        }
    }
}

/// One word with a slash or a file ending; addresses are somebody's message.
fn looks_like_a_file(text: &str) -> bool {
    if text.contains(char::is_whitespace) || text.contains("://") {
        return false;
    }
    let ending = Path::new(text).extension().and_then(OsStr::to_str);
    let is_ending = |ending: &str| {
        ending.len() <= 5
            && ending.starts_with(|c: char| c.is_ascii_alphabetic())
            && ending.chars().all(|c| c.is_ascii_alphanumeric())
    };
    text.contains('/') || ending.is_some_and(is_ending)
}

/// The messages of a file; blank lines are none.
fn lines(mut source: impl BufRead, name: &str) -> Result<Vec<MessageText>> {
    let mut messages = Vec::new();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let mut bounded = io::Read::take(&mut source, LONGEST as u64 + 1);
        let length = bounded.read_until(b'\n', &mut line).with_context(|| format!("cannot read {name}"))?;
        if length == 0 {
            break;
        }
        ensure!(length <= LONGEST, "{name}:{number}: the line is longer than any message");
        if line.trim_ascii().is_empty() {
            continue;
        }
        ensure!(messages.len() < MOST, "{name} has more than {MOST} messages; a sample tells as much");
        messages.push(message(&line).with_context(|| format!("{name}:{number}"))?);
    }
    ensure!(!messages.is_empty(), "{name} has no message");
    Ok(messages)
}

/// The message of a line that is not blank.
fn message(line: &[u8]) -> Result<MessageText> {
    let text = std::str::from_utf8(line)
        .map_err(|e| anyhow::anyhow!("the line is not UTF-8 (byte {} is wrong)", e.valid_up_to() + 1))?;
    let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
    if !text.starts_with('{') {
        return Ok(MessageText::parse(text)?);
    }
    // What begins like JSON and is none is somebody's message.
    match serde_json::from_str::<Json>(text) {
        Ok(json) => Ok(MessageText::parse(&json.text)?),
        Err(_) if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => {
            bail!("the JSON object has no `text` and no `message`")
        }
        Err(_) => Ok(MessageText::parse(text)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(input: &[u8]) -> Result<Vec<String>> {
        Ok(lines(input, "in.txt")?.iter().map(|text| text.expose().to_owned()).collect())
    }

    #[test]
    fn a_line_is_a_message_or_holds_one_in_json() {
        let input =
            b"\xef\xbb\xbfone\r\n\n{\"id\":\"A1\",\"text\":\"two\"}\n{\"message\":\"three\"}\n{four} :(\n";
        assert_eq!(texts(input).expect("messages"), ["one", "two", "three", "{four} :("]);
    }

    #[test]
    fn a_word_that_could_be_a_file_is_told_from_a_message() {
        for file in ["mesages.txt", "no/such", "/tmp/x", "a.jsonl", "notes.v2"] {
            assert!(looks_like_a_file(file), "{file}");
        }
        for message in [
            "hello",
            "i am so tired.really",
            "well...",
            "it costs 3.50",
            "3.50",
            "https://example.org/a.html",
            "😀",
        ] {
            assert!(!looks_like_a_file(message), "{message}");
        }
    }

    #[test]
    fn a_line_that_is_no_message_is_told_by_its_number_and_never_shown() {
        let long = vec![b'x'; LONGEST + 1];
        let cases: [(&[u8], &str); 5] = [
            (b"fine\n{\"secret\": 1}\n", "in.txt:2: the JSON object has no `text`"),
            (b"secret \xff\n", "in.txt:1: the line is not UTF-8 (byte 8"),
            (b"{\"text\": \" \"}", "in.txt:1: "),
            (&long, "in.txt:1: the line is longer"),
            (b"\n\n", "in.txt has no message"),
        ];
        for (input, says) in cases {
            let error = format!("{:#}", texts(input).expect_err(says));
            assert!(error.contains(says) && !error.contains("secret"), "{error} does not say {says}");
        }
    }
}
