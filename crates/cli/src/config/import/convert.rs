//! From a value as the old service wrote it to one of ours.

use std::net::IpAddr;

use toml::Value;

/// How a value is read. The ranges are not here: the settings themselves refuse what lies outside of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// An address or `localhost`: the first half of `server.bind`.
    Host,
    /// A port: the second half of `server.bind`.
    Port,
    /// A yes or no.
    Flag,
    /// A yes or no, where no means the limit 0, which is none, and yes says nothing.
    LimitUnlessOff,
    /// A whole number.
    Whole,
    /// A number with a fraction.
    Fraction,
    /// Mebibytes for one cache; ours has two layers, and each gets half.
    HalfMib,
    /// A level of Python's logging.
    LogLevel,
    /// `json` or `text`.
    LogFormat,
    /// `consensus`, `majority` or `weighted`.
    Mode,
    /// The newest version's algorithms.
    Algorithm,
    /// Origins, separated by commas.
    Origins,
    /// A model, `owner/name`.
    Model,
    /// A label set by its name.
    LabelSet,
}

impl Reading {
    /// What a table of names says of it; empty if the value stays as it is.
    #[cfg(test)]
    pub(super) const fn remark(self) -> &'static str {
        match self {
            Reading::Host => ", its address",
            Reading::Port => ", its port",
            Reading::LimitUnlessOff => ": `false` is 0, no limit",
            Reading::HalfMib => ": half, for each of two layers",
            Reading::LogLevel => ": `WARNING` is `warn`, `CRITICAL` is `error`",
            Reading::LogFormat => ": `text` is `human`",
            Reading::Algorithm => ": `weighted_voting`, `majority_voting`, `conflict_aware` is `consensus`",
            Reading::Origins => ": names, not `*`",
            Reading::Flag
            | Reading::Whole
            | Reading::Fraction
            | Reading::Mode
            | Reading::Model
            | Reading::LabelSet => "",
        }
    }

    /// Our value; none if the old one asks for nothing that has to be set. The error says what was expected.
    pub(super) fn value(self, text: &str) -> Result<Option<Value>, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        match self {
            Reading::Host => host(text).map(|host| Value::String(host.to_string())),
            Reading::Port => match text.parse::<u16>() {
                Ok(port) if port > 0 => Ok(Value::Integer(port.into())),
                _ => Err("it is not a port, 1 to 65535".to_owned()),
            },
            Reading::Flag => flag(text).map(Value::Boolean),
            Reading::LimitUnlessOff => return Ok((!flag(text)?).then_some(Value::Integer(0))),
            Reading::Whole => whole(text).map(Value::Integer),
            Reading::Fraction => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Value::Float(number)),
                _ => Err("it is not a number".to_owned()),
            },
            Reading::HalfMib => whole(text).map(|whole| Value::Integer(whole.div_euclid(2).max(1))),
            Reading::LogLevel => log_level(text).map(of),
            Reading::LogFormat => match text.to_ascii_lowercase().as_str() {
                "json" => Ok(of("json")),
                "text" | "human" => Ok(of("human")),
                _ => Err("it is neither `json` nor `text`".to_owned()),
            },
            Reading::Mode => match text.to_ascii_lowercase().as_str() {
                "consensus" => Ok(of("consensus")),
                "majority" => Ok(of("majority")),
                "weighted" => Ok(of("weighted")),
                _ => Err("it is none of consensus, majority and weighted".to_owned()),
            },
            Reading::Algorithm => algorithm(text).map(of),
            Reading::Origins => return origins(text),
            Reading::Model => model(text).map(of),
            Reading::LabelSet => Ok(of(text)),
        }
        .map(Some)
    }
}

fn of(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn host(text: &str) -> Result<IpAddr, String> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(IpAddr::from([127, 0, 0, 1]));
    }
    let plain = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    plain.parse().map_err(|_| "server.bind takes an address such as 0.0.0.0, not a name".to_owned())
}

/// What Python's settings took for a yes or a no.
fn flag(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "enabled" => Ok(true),
        "false" | "0" | "no" | "off" | "disabled" => Ok(false),
        _ => Err("it is neither true nor false".to_owned()),
    }
}

fn whole(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "it is not a whole number".to_owned())
}

fn log_level(text: &str) -> Result<&'static str, String> {
    match text.to_ascii_uppercase().as_str() {
        "DEBUG" => Ok("debug"),
        "INFO" | "SUCCESS" => Ok("info"),
        "WARNING" | "WARN" => Ok("warn"),
        "ERROR" | "CRITICAL" => Ok("error"),
        _ => Err("it is none of DEBUG, INFO, WARNING, ERROR and CRITICAL".to_owned()),
    }
}

fn algorithm(text: &str) -> Result<&'static str, String> {
    match text.to_ascii_lowercase().as_str() {
        "weighted_voting" => Ok("weighted"),
        "majority_voting" => Ok("majority"),
        "conflict_aware" => Ok("consensus"),
        "unanimous" => Err("a vote that every model must share misses people in danger, so there is none; \
                            `consensus` asks for a human when models differ"
            .to_owned()),
        _ => Err("it is none of the old algorithms".to_owned()),
    }
}

/// Any page (`*`) is not to be had; pages by name are.
fn origins(text: &str) -> Result<Option<Value>, String> {
    let origins: Vec<&str> = text.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
    if origins.contains(&"*") {
        return Err("`*` would let any web page read answers: name the pages in cors.allowed_origins, if \
                    a browser asks this service at all"
            .to_owned());
    }
    Ok(Some(Value::Array(origins.into_iter().map(of).collect())))
}

fn model(text: &str) -> Result<&str, String> {
    if text.to_ascii_lowercase().contains("bart") {
        return Err(
            "it is a BART model; what can be loaded is bert, roberta, xlm-roberta, distilbert, mpnet and \
                    deberta-v2"
                .to_owned(),
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_the_old_service_meant_them() {
        struct Case(Reading, &'static str, Result<&'static str, ()>);
        for Case(reading, text, wanted) in [
            Case(Reading::Host, "localhost", Ok("\"127.0.0.1\"")),
            Case(Reading::Host, "[::]", Ok("\"::\"")),
            Case(Reading::Host, "ash.example", Err(())),
            Case(Reading::Port, " 8881 ", Ok("8881")),
            Case(Reading::Port, "0", Err(())),
            Case(Reading::Port, "88810", Err(())),
            Case(Reading::Flag, "Yes", Ok("true")),
            Case(Reading::Flag, "0", Ok("false")),
            Case(Reading::Flag, "maybe", Err(())),
            Case(Reading::LimitUnlessOff, "false", Ok("0")),
            Case(Reading::LimitUnlessOff, "true", Ok("-")),
            Case(Reading::Whole, "300", Ok("300")),
            Case(Reading::Whole, "300s", Err(())),
            Case(Reading::Fraction, "0.05", Ok("0.05")),
            Case(Reading::Fraction, "nan", Err(())),
            Case(Reading::HalfMib, "100", Ok("50")),
            Case(Reading::HalfMib, "1", Ok("1")),
            Case(Reading::LogLevel, "warning", Ok("\"warn\"")),
            Case(Reading::LogLevel, "CRITICAL", Ok("\"error\"")),
            Case(Reading::LogFormat, "text", Ok("\"human\"")),
            Case(Reading::Mode, "Majority", Ok("\"majority\"")),
            Case(Reading::Algorithm, "conflict_aware", Ok("\"consensus\"")),
            Case(Reading::Algorithm, "unanimous", Err(())),
            Case(
                Reading::Origins,
                "https://a.example, https://b.example",
                Ok("[\"https://a.example\", \"https://b.example\"]"),
            ),
            Case(Reading::Origins, "*", Err(())),
            Case(Reading::Model, "facebook/bart-large-mnli", Err(())),
            Case(Reading::Model, "", Ok("-")),
        ] {
            let read =
                reading.value(text).map(|value| value.map_or("-".to_owned(), |value| value.to_string()));
            assert_eq!(read.as_deref().map_err(|_| ()), wanted, "{reading:?} of {text:?}");
        }
    }
}
