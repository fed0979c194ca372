//! What somebody who mistyped a name is likely to have meant.

/// The name nearest to `typed`: at most a third of its letters (and always one) differ.
pub(super) fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = 1 + typed.chars().count() / 3;
    let by_distance = names.into_iter().map(|name| (distance(typed, name), name));
    by_distance.filter(|&(distance, _)| distance <= far).min().map(|(_, name)| name)
}

/// How many letters must be put in, left out, exchanged or swapped with their neighbour to turn `a` into `b`
/// ("optimal string alignment"; Boytsov, Indexing methods for approximate dictionary searching, 2011, 2.2).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let exchanged = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = exchanged.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let names = ["bind", "max_body_bytes", "max_message_bytes", "request_timeout_ms"];
        for (typed, meant) in [
            ("max_body_byte", Some("max_body_bytes")),
            ("bnid", Some("bind")),
            ("max_bodybytes", Some("max_body_bytes")),
            ("request_timeout", Some("request_timeout_ms")),
            ("port", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, names), meant, "{typed}");
        }
    }

    #[test]
    fn a_distance_counts_letters() {
        for (a, b, letters) in
            [("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(a, b), letters, "{a} {b}");
        }
    }
}
