//! Reads out of a query which series it selects; just as much of the language as we write.

/// `name{label="value",…}` in a query.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) name: String,
    pub(crate) matchers: Vec<Matcher>,
}

/// `label="value"` and its relatives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Matcher {
    pub(crate) label: String,
    /// Whether the value is a regular expression.
    pub(crate) is_pattern: bool,
    pub(crate) value: String,
}

fn of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | ':')
}

/// All selectors of our metrics (`ash_…`) and recorded series (`ash:…`).
pub(crate) fn selectors(query: &str) -> Vec<Selector> {
    let starts = query.match_indices("ash").map(|(at, _)| at).filter(|at| {
        !query[..*at].ends_with(of_name) && matches!(query.as_bytes().get(at + 3), Some(b'_' | b':'))
    });
    starts
        .map(|at| {
            let rest = &query[at..];
            let (name, rest) = rest.split_at(rest.find(|c| !of_name(c)).unwrap_or(rest.len()));
            let inside = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let matchers = inside.map(|(inside, _)| matchers(inside)).unwrap_or_default();
            Selector { name: name.to_owned(), matchers }
        })
        .collect()
}

/// None of our values has a quotation mark, a comma or a brace in it.
fn matchers(inside: &str) -> Vec<Matcher> {
    let matcher = |written: &str| {
        let (label, rest) = written.split_at(written.find(['=', '!']).expect(written));
        let operator = rest.find('"').map(|at| &rest[..at]).expect(written);
        assert!(["=", "!=", "=~", "!~"].contains(&operator), "{written}");
        Matcher {
            label: label.trim().to_owned(),
            is_pattern: operator.ends_with('~'),
            value: rest[operator.len()..].trim_matches('"').to_owned(),
        }
    };
    inside.split(',').map(|part| matcher(part.trim())).collect()
}

/// The labels that a query groups or matches by.
pub(crate) fn grouping(query: &str) -> Vec<String> {
    ["by (", "without (", "ignoring (", "on (", "group_left ("]
        .iter()
        .flat_map(|word| {
            query.match_indices(word).map(move |(at, _)| query[at + word.len()..].split_once(')'))
        })
        .flat_map(|inside| inside.expect("closed").0.split(','))
        .map(|label| label.trim().to_owned())
        .collect()
}

impl Matcher {
    /// The words that a value stands for: itself, or the alternatives of `a|b` and `x(a|b)`.
    pub(crate) fn words(&self) -> Vec<String> {
        if !self.is_pattern {
            return vec![self.value.clone()];
        }
        let (prefix, inside) = match self.value.split_once('(') {
            Some((prefix, rest)) => (prefix, rest.strip_suffix(')').expect("the group ends the value")),
            None => ("", self.value.as_str()),
        };
        inside.split('|').map(|word| format!("{prefix}{word}")).collect()
    }
}

#[test]
fn selectors_are_found_wherever_they_stand() {
    let found = selectors(
        r#"sum by (le) (rate(ash_a_bucket{job=~"$job", stage!="x"}[5m])) / ash:b:rate5m > flash_c or ash_d"#,
    );
    let names: Vec<&str> = found.iter().map(|selector| selector.name.as_str()).collect();
    assert_eq!(names, ["ash_a_bucket", "ash:b:rate5m", "ash_d"]);
    let matcher = |label: &str, is_pattern, value: &str| Matcher {
        label: label.to_owned(),
        is_pattern,
        value: value.to_owned(),
    };
    assert_eq!(found[0].matchers, [matcher("job", true, "$job"), matcher("stage", false, "x")]);
    assert_eq!(matcher("route", true, "/(a|b)").words(), ["/a", "/b"]);
    assert_eq!(grouping("sum by (a, b) (x) + on (c) y"), ["a", "b", "c"]);
}
