//! Verdicts that cannot wait, told to a team by webhooks from an outbox that survives a restart.
