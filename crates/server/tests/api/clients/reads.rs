//! What a client reads of an answer: each place, what it needs to find there, and what becomes of it otherwise.

use serde_json::{Map, Value};

/// One place that a client reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Read {
    /// A JSON pointer; `*` stands for every member of an object or list.
    pub(crate) at: &'static str,
    pub(crate) needs: Needs,
    /// What the client does if it does not find that.
    pub(crate) otherwise: &'static str,
}

/// What has to be there. Whatever is not `Maybe` may be neither absent nor null.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Needs {
    Bool,
    /// A number that is no string, and 0 or more.
    Number,
    /// A number that may be below 0.
    Signed,
    /// A number from 0 to 1.
    Share,
    /// A string that says something.
    Text,
    OneOf(&'static [&'static str]),
    List,
    Object,
    /// This, null, or nothing at all.
    Maybe(&'static Needs),
}

/// Short, for tables.
pub(crate) const fn read(at: &'static str, needs: Needs, otherwise: &'static str) -> Read {
    Read { at, needs, otherwise }
}

/// Fails with the name of the client, the place, and what breaks.
pub(crate) fn reads(client: &str, case: &str, table: &[Read], answer: &Value) {
    let faults = faults(table, answer);
    assert!(faults.is_empty(), "{client} breaks ({case}):\n  {}", faults.join("\n  "));
}

/// Everything that the client would not find as it needs it.
pub(crate) fn faults(table: &[Read], answer: &Value) -> Vec<String> {
    table.iter().flat_map(|read| read.faults(answer)).collect()
}

/// What the client sees of an answer: the places that it reads, and no others.
pub(crate) fn seen(table: &[Read], answer: &Value) -> Value {
    let mut seen = Map::new();
    for read in table {
        for (place, value) in places(answer, read.at) {
            // Of containers the members are listed, if they are read.
            let shown = match value {
                Some(Value::Object(_))
                    if matches!(read.needs, Needs::Object | Needs::Maybe(Needs::Object)) =>
                {
                    Value::from("{…}")
                }
                other => other.cloned().unwrap_or_else(|| Value::from("absent")),
            };
            seen.insert(place, shown);
        }
    }
    Value::Object(seen)
}

impl Read {
    fn faults(&self, answer: &Value) -> Vec<String> {
        let wrong = |(place, value): (String, Option<&Value>)| {
            let fault = self.needs.fault(value)?;
            Some(format!("{place} {fault}: {}", self.otherwise))
        };
        places(answer, self.at).into_iter().filter_map(wrong).collect()
    }
}

impl Needs {
    /// What is wrong with the value.
    fn fault(self, value: Option<&Value>) -> Option<String> {
        if let (Needs::Maybe(_), None | Some(Value::Null)) = (self, value) {
            return None;
        }
        let Some(value) = value else { return Some("is absent".to_owned()) };
        let fits = match self {
            Needs::Bool => value.is_boolean(),
            Needs::Number => value.as_f64().is_some_and(|number| number >= 0.0),
            Needs::Signed => value.is_number(),
            Needs::Share => value.as_f64().is_some_and(|share| (0.0..=1.0).contains(&share)),
            Needs::Text => value.as_str().is_some_and(|text| !text.trim().is_empty()),
            Needs::OneOf(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Needs::List => value.is_array(),
            Needs::Object => value.is_object(),
            Needs::Maybe(needs) => return needs.fault(Some(value)),
        };
        (!fits).then(|| format!("is {value}, not {self:?}"))
    }
}

/// Every place that a pointer names, with what is there.
fn places<'a>(answer: &'a Value, pointer: &str) -> Vec<(String, Option<&'a Value>)> {
    let mut found = vec![(String::new(), Some(answer))];
    for key in pointer.split('/').skip(1) {
        let step = |(place, value): (String, Option<&'a Value>)| match (key, value) {
            ("*", Some(Value::Object(members))) => {
                members.iter().map(|(name, value)| (format!("{place}/{name}"), Some(value))).collect()
            }
            ("*", Some(Value::Array(items))) => {
                items.iter().enumerate().map(|(i, value)| (format!("{place}/{i}"), Some(value))).collect()
            }
            // Nothing to iterate over: that the container must be there is another line of the table.
            ("*", _) => Vec::new(),
            (key, value) => vec![(format!("{place}/{key}"), value.and_then(|value| member(value, key)))],
        };
        found = found.into_iter().flat_map(step).collect();
    }
    found
}

fn member<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.pointer(&format!("/{key}"))
}

#[test]
fn a_table_names_every_place_that_would_break_and_how() {
    const TABLE: [Read; 7] = [
        read("/level", Needs::OneOf(&["none", "high"]), "raises KeyError"),
        read("/score", Needs::Share, "raises TypeError"),
        read("/signals", Needs::Object, "raises AttributeError"),
        read("/signals/*/score", Needs::Number, "shows 0"),
        read("/why", Needs::Text, "shows nothing"),
        read("/more", Needs::Maybe(&Needs::Object), "raises"),
        read("/names/*", Needs::Text, "shows None"),
    ];
    let good = serde_json::json!({"level": "high", "score": 1, "signals": {"a": {"score": 0.1}}, "why": "so",
                                  "more": null, "names": ["a"]});
    assert_eq!(faults(&TABLE, &good), Vec::<String>::new());
    let bad = serde_json::json!({"level": "critical", "score": "1", "signals": {"a": {"score": null}}, "why": " ",
                                 "more": [], "names": ["a", 2]});
    let expected = [
        r#"/level is "critical", not OneOf(["none", "high"]): raises KeyError"#,
        r#"/score is "1", not Share: raises TypeError"#,
        "/signals/a/score is null, not Number: shows 0",
        r#"/why is " ", not Text: shows nothing"#,
        "/more is [], not Object: raises",
        "/names/1 is 2, not Text: shows None",
    ];
    assert_eq!(faults(&TABLE, &bad), expected);
    let missing = faults(&TABLE, &serde_json::json!({}));
    assert_eq!(missing.len(), 4, "{missing:?}");
    assert!(missing.iter().all(|fault| fault.contains("is absent")), "{missing:?}");
}
