//! Messages from a file or pipe, one a line, in batches, with bounded memory.
//!
//! A thread reads ahead into a short queue; a batch is what waits there when the last one is done. So a
//! file is judged in full batches, and `tail -f chat.log | ash-nlp analyze -` answers each line as it
//! comes: no timer, no tuning.

use std::io::{self, BufRead};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use ash_analysis::{MessageText, TextError};

/// Lines judged together, and lines read ahead.
pub(crate) const BATCH: usize = 32;

/// The most bytes of a line that are kept: the longest message with a byte-order mark and a line end.
/// What is beyond is counted, not stored.
const KEPT: usize = MessageText::MAX_BYTES + 4;

/// One line of the input.
pub(crate) struct Line {
    /// Counted from 1.
    pub(crate) number: usize,
    pub(crate) text: Result<MessageText, BadLine>,
}

/// Why a line is no message. The other lines go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadLine {
    /// Not UTF-8; the position of the first wrong byte, counted from 1.
    #[error("the line is not UTF-8 (byte {byte} is wrong)")]
    InvalidUtf8 { byte: usize },
    /// Blank or too long.
    #[error(transparent)]
    Text(#[from] TextError),
}

/// The batches of `source`; an item is an error if the source cannot be read any further.
pub(crate) fn batches(source: impl BufRead + Send + 'static) -> Batches {
    let (sender, lines) = sync_channel(BATCH);
    // The thread is not joined: it may wait for a terminal for ever, and ends with the process or when
    // nobody takes its lines any more.
    thread::spawn(move || read(source, &sender));
    Batches { lines }
}

/// See [`batches`].
pub(crate) struct Batches {
    lines: Receiver<io::Result<Line>>,
}

impl Iterator for Batches {
    type Item = io::Result<Vec<Line>>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.lines.recv().ok()?;
        Some(std::iter::once(first).chain(self.lines.try_iter()).take(BATCH).collect())
    }
}

fn read(mut source: impl BufRead, to: &SyncSender<io::Result<Line>>) {
    for number in 1.. {
        let sent = match next(&mut source) {
            Ok(None) => return,
            Ok(Some(raw)) => to.send(Ok(Line { number, text: raw.message(number == 1) })),
            Err(error) => {
                // Nobody left to tell is nobody harmed.
                drop(to.send(Err(error)));
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// A line as it came: its first [`KEPT`] bytes, and how many there were.
#[derive(Default)]
struct RawLine {
    bytes: Vec<u8>,
    length: usize,
}

/// The bytes up to the next line feed, without it; `None` at the end.
fn next(source: &mut impl BufRead) -> io::Result<Option<RawLine>> {
    let mut line = RawLine::default();
    loop {
        let available = match source.fill_buf() {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        if available.is_empty() {
            return Ok((line.length > 0).then_some(line));
        }
        let feed = available.iter().position(|&b| b == b'\n');
        let part = &available[..feed.unwrap_or(available.len())];
        let room = KEPT - line.bytes.len();
        line.bytes.extend_from_slice(&part[..part.len().min(room)]);
        line.length += part.len();
        let used = part.len() + usize::from(feed.is_some());
        source.consume(used);
        if feed.is_some() {
            return Ok(Some(line));
        }
    }
}

impl RawLine {
    /// The message of the line: without carriage return, and without a byte-order mark at the start of
    /// the file.
    fn message(self, first: bool) -> Result<MessageText, BadLine> {
        if self.length > KEPT {
            return Err(TextError::TooLong { bytes: self.length, limit: MessageText::MAX_BYTES }.into());
        }
        let text = std::str::from_utf8(&self.bytes)
            .map_err(|e| BadLine::InvalidUtf8 { byte: e.valid_up_to() + 1 })?;
        let text = text.strip_suffix('\r').unwrap_or(text);
        let text = if first { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
        Ok(MessageText::parse(text)?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use super::*;

    fn lines(input: Vec<u8>) -> Vec<Line> {
        // A small buffer, so that lines cross its border.
        let source = BufReader::with_capacity(7, Cursor::new(input));
        batches(source).flat_map(|batch| batch.expect("memory can be read")).collect()
    }

    fn texts(input: Vec<u8>) -> Vec<Result<String, BadLine>> {
        lines(input).into_iter().map(|l| l.text.map(|t| t.expose().to_owned())).collect()
    }

    #[test]
    fn every_line_comes_once_in_order_with_its_number() {
        let input: String = (0..500).map(|i| i.to_string() + " bottles\r\n").collect();
        let lines = lines(input.into_bytes());
        assert_eq!(lines.len(), 500);
        for (i, line) in lines.iter().enumerate() {
            let text = line.text.as_ref().map(MessageText::expose);
            assert_eq!((line.number, text), (i + 1, Ok(format!("{i} bottles").as_str())));
        }
    }

    #[test]
    fn bad_lines_stand_between_good_ones() {
        let mut input = b"\xef\xbb\xbfone\n\nab\xffc\n".to_vec();
        input.extend(vec![b'x'; 3 * KEPT]);
        input.push(b'\n');
        input.extend(vec![b'y'; MessageText::MAX_BYTES]);
        let texts = texts(input);
        assert_eq!(texts[0], Ok("one".to_owned()));
        assert_eq!(texts[1], Err(TextError::Blank.into()));
        assert_eq!(texts[2], Err(BadLine::InvalidUtf8 { byte: 3 }));
        let too_long = TextError::TooLong { bytes: 3 * KEPT, limit: MessageText::MAX_BYTES };
        assert_eq!(texts[3], Err(too_long.into()));
        assert_eq!(texts[4].as_ref().map(String::len), Ok(MessageText::MAX_BYTES));
        assert_eq!(texts.len(), 5);
    }

    #[test]
    fn an_empty_input_has_no_lines() {
        assert!(texts(Vec::new()).is_empty());
    }
}
