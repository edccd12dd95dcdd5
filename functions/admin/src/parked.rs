//! `parked`: what nobody could work on, and giving it another chance.

use std::time::Duration;

use serde_json::json;
use sync_core::ids::DirectoryId;
use work_queue::{ParkedMessage, ParkedQueue};

use crate::answer::{Answer, pretty};
use crate::error::AdminError;
use crate::shown::{escape, json_time, time};
use crate::table::table;

mod replay;

pub use replay::{Replayed, Stayed, Which, replay, replay_question};

/// How long a message that is looked at is hidden from others; longer than a look takes.
const HIDDEN: Duration = Duration::from_secs(60);

/// How many characters of a body are shown.
const SHOWN: usize = 60;

/// Parked messages, the oldest first.
#[derive(Debug)]
pub struct Parked {
    /// The messages.
    pub messages: Vec<ParkedMessage>,
    /// There may be more than were asked for.
    pub more: bool,
}

/// Looks at up to `limit` parked messages, of one directory and of none if one is named.
///
/// Looking hides a message from other lookers for a moment; all are ready again afterwards.
pub async fn parked(
    queue: &impl ParkedQueue,
    named: Option<&DirectoryId>,
    limit: usize,
) -> Result<Parked, AdminError> {
    let mut seen: Vec<ParkedMessage> = Vec::new();
    let wanted = |message: &&ParkedMessage| is_of(message, named);
    let looked = loop {
        if seen.iter().filter(wanted).count() >= limit {
            break Ok(true);
        }
        match queue.receive_parked(HIDDEN).await {
            Ok(batch) if batch.is_empty() => break Ok(false),
            Ok(batch) => seen.extend(batch),
            Err(error) => break Err(error),
        }
    };
    queue.return_parked(&seen).await?;
    let more = looked?;
    let mut messages: Vec<_> = seen.into_iter().filter(|message| is_of(message, named)).collect();
    messages.sort_by(|a, b| (a.sent_at, &a.id).cmp(&(b.sent_at, &b.id)));
    messages.truncate(limit);
    Ok(Parked { messages, more })
}

/// Whether a message is of this directory, or of none that is known.
fn is_of(message: &ParkedMessage, named: Option<&DirectoryId>) -> bool {
    named.is_none() || message.directory.is_none() || message.directory.as_ref() == named
}

/// Why a message is here.
fn reason(message: &ParkedMessage) -> &str {
    message.reason.as_deref().unwrap_or("delivered too often without success")
}

fn size(message: &ParkedMessage) -> usize {
    message.cut_from.unwrap_or(message.body.len())
}

impl Answer for Parked {
    fn human(&self, width: Option<u16>) -> String {
        if self.messages.is_empty() {
            return "nothing is parked".to_owned();
        }
        let mut text = table(
            width,
            ["sent", "id", "directory", "reason", "bytes", "body"],
            self.messages.iter().map(|message| {
                let first: String = message.body.chars().take(SHOWN).collect();
                let whole = first.len() == message.body.len();
                [
                    time(message.sent_at),
                    escape(&message.id),
                    message.directory.as_ref().map_or("-".to_owned(), ToString::to_string),
                    escape(reason(message)),
                    size(message).to_string(),
                    escape(&first) + if whole { "" } else { "…" },
                ]
            }),
        );
        if self.more {
            text.push_str("\nthere may be more: see --limit");
        }
        text
    }

    fn json(&self) -> String {
        let messages: Vec<_> = self
            .messages
            .iter()
            .map(|message| {
                json!({
                    "id": message.id,
                    "sent_at": json_time(Some(message.sent_at)),
                    "directory": message.directory.as_ref().map(DirectoryId::as_str),
                    "reason": reason(message),
                    "bytes": size(message),
                    "cut": message.cut_from.is_some(),
                    "body": message.body,
                })
            })
            .collect();
        pretty(&json!({ "messages": messages, "more": self.more }))
    }
}
