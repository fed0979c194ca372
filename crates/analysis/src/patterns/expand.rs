//! `i {want|need} to {die|be dead}` stands for four wordings.

/// Why a wording cannot be written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// `{` without `}`.
    #[error("a `{{` is never closed")]
    Unclosed,
    /// `}` or `|` outside of braces.
    #[error("a `}}` or `|` stands outside of braces")]
    Stray,
    /// `{` within braces.
    #[error("braces within braces; write the alternatives out")]
    Nested,
    /// More wordings than a rule may have.
    #[error("a rule may have {} wordings, this one has more; split it", LIMIT)]
    TooMany,
}

/// The most wordings of one rule.
pub(super) const LIMIT: usize = 500;

/// All wordings of `pattern`, at most [`LIMIT`]; spaces around an empty alternative become one.
pub(super) fn expand(pattern: &str) -> Result<Vec<String>, ExpandError> {
    let mut all = vec![String::new()];
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '}', '|']) {
        let (before, from) = rest.split_at(at);
        let Some(inside) = from.strip_prefix('{') else { return Err(ExpandError::Stray) };
        let (inside, after) = inside.split_once('}').ok_or(ExpandError::Unclosed)?;
        if inside.contains('{') {
            return Err(ExpandError::Nested);
        }
        let choices: Vec<&str> = inside.split('|').collect();
        if all.len() * choices.len() > LIMIT {
            return Err(ExpandError::TooMany);
        }
        all = all
            .iter()
            .flat_map(|begun| choices.iter().map(move |choice| format!("{begun}{before}{choice}")))
            .collect();
        rest = after;
    }
    Ok(all.iter().map(|begun| single_spaced(&format!("{begun}{rest}"))).collect())
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_multiply_and_may_be_empty() {
        assert_eq!(expand("no braces").unwrap(), ["no braces"]);
        assert_eq!(expand("i {want|need} to {die|go}").unwrap().len(), 4);
        assert_eq!(expand("i {really|} want").unwrap(), ["i really want", "i want"]);
        assert_eq!(expand("wish{ed|} i").unwrap(), ["wished i", "wish i"]);
    }

    #[test]
    fn what_cannot_be_written_out_is_told() {
        for (pattern, error) in [
            ("a {b", ExpandError::Unclosed),
            ("a b}", ExpandError::Stray),
            ("a|b", ExpandError::Stray),
            ("{a{b}}", ExpandError::Nested),
            ("{a|b|c|d|e|f|g|h}{a|b|c|d|e|f|g|h}{a|b|c|d|e|f|g|h}", ExpandError::TooMany),
        ] {
            assert_eq!(expand(pattern), Err(error), "{pattern}");
        }
    }
}
