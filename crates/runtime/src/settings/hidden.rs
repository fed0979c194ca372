//! What is not shown of a configuration, in no fault and no explanation: where a webhook lies and what signs its requests.
//!
//! Also the values that should be paths of files: the likeliest mistake is to write the secret where its file belongs.

/// What stands for a value that is not shown.
pub(super) const HIDDEN: &str = "(hidden)";

/// The keys of a webhook whose values say nothing of where it lies.
const HARMLESS: [&str; 4] = ["kind", "from", "include_text", "allow_http"];

/// Whether what was written at `key` may be a secret.
pub(super) fn is_hidden(key: &[&str]) -> bool {
    match key {
        ["alerts", "webhooks", _, name, ..] => !HARMLESS.contains(name),
        // A table where all is well; a text or a list was meant as the address.
        ["alerts", "webhooks", ..] => true,
        _ => false,
    }
}
