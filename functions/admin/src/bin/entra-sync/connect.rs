//! The table and the queues that the operator means.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use clock::Clock;
use service::secrets::Secrets;
use service::settings::{Settings, SettingsError};
use store::dynamodb::DynamoStore;
use work_queue::sqs::{QueueUrls, SqsQueue};

/// Which output of the stack is which variable of the functions.
const OUTPUTS: [(&str, &str); 4] = [
    ("TableName", "SYNC_TABLE"),
    ("EventsQueueUrl", "EVENTS_QUEUE_URL"),
    ("BulkQueueUrl", "BULK_QUEUE_URL"),
    ("ParkedQueueUrl", "PARKED_QUEUE_URL"),
];

/// Why the table and the queues are not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The variables, and no stack was named.
    #[error("{0}; or name the stack with --stack")]
    Settings(SettingsError),
    /// CloudFormation does not show the stack.
    #[error("stack {stack} cannot be read")]
    Stack {
        /// Its name.
        stack: String,
        /// What CloudFormation says, or why it says nothing.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The stack is not one of ours.
    #[error("stack {stack} lacks the outputs {}", missing.join(", "))]
    Outputs {
        /// Its name.
        stack: String,
        /// What it should have.
        missing: Vec<&'static str>,
    },
    /// The stack's outputs are not usable.
    #[error("stack {stack}: {error}")]
    OutputValues {
        /// Its name.
        stack: String,
        /// What is wrong with them.
        error: SettingsError,
    },
}

impl ConnectError {
    /// Whether the operator has to say something else, rather than try again.
    pub(crate) fn is_usage(&self) -> bool {
        matches!(self, Self::Settings(_))
    }
}

/// The table, the queues and the secrets of a stack, or of the environment.
pub(crate) async fn connect(
    stack: Option<&str>,
    clock: &Clock,
) -> Result<(DynamoStore, SqsQueue, Secrets), ConnectError> {
    // Settings first: when they are wrong, nothing else is worth waiting for.
    let from_env = match stack {
        Some(_) => None,
        None => Some(Settings::from_env().map_err(ConnectError::Settings)?),
    };
    let config = service::aws::config().await;
    let settings = match (from_env, stack) {
        (Some(settings), _) => settings,
        (None, stack) => {
            let stack = stack.unwrap_or_default();
            let outputs = outputs(&aws_sdk_cloudformation::Client::new(&config), stack).await?;
            of_outputs(stack, &outputs)?
        }
    };
    let store =
        DynamoStore::new(aws_sdk_dynamodb::Client::new(&config), &settings.table, clock.clone());
    let urls = QueueUrls {
        events: settings.events_queue_url,
        bulk: settings.bulk_queue_url,
        parked: settings.parked_queue_url,
    };
    let queue = SqsQueue::new(aws_sdk_sqs::Client::new(&config), urls, clock.clone());
    let secrets = Secrets::new(aws_sdk_secretsmanager::Client::new(&config), clock.clone());
    Ok((store, queue, secrets))
}

async fn outputs(
    client: &aws_sdk_cloudformation::Client,
    stack: &str,
) -> Result<BTreeMap<String, String>, ConnectError> {
    let answer = client.describe_stacks().stack_name(stack).send().await;
    let answer = answer.map_err(|error| ConnectError::Stack {
        stack: stack.to_owned(),
        source: match error.message() {
            Some(message) => message.into(),
            None => error.into(),
        },
    })?;
    let outputs = answer.stacks().iter().flat_map(|stack| stack.outputs());
    Ok(outputs
        .filter_map(|output| {
            Some((output.output_key()?.to_owned(), output.output_value()?.to_owned()))
        })
        .collect())
}

fn of_outputs(stack: &str, outputs: &BTreeMap<String, String>) -> Result<Settings, ConnectError> {
    let missing: Vec<_> = OUTPUTS
        .iter()
        .map(|(output, _)| *output)
        .filter(|output| !outputs.contains_key(*output))
        .collect();
    if !missing.is_empty() {
        return Err(ConnectError::Outputs { stack: stack.to_owned(), missing });
    }
    let get = |variable: &str| {
        let (output, _) = OUTPUTS.iter().find(|(_, of)| *of == variable)?;
        outputs.get(*output).cloned()
    };
    Settings::parse(get)
        .map_err(|error| ConnectError::OutputValues { stack: stack.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(outputs: &[(&str, &str)]) -> Result<Settings, String> {
        let outputs =
            outputs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        of_outputs("sync", &outputs).map_err(|error| error.to_string())
    }

    #[test]
    fn the_outputs_of_a_stack_are_the_settings() {
        let settings = stack(&[
            ("ApiUrl", "https://api.example"),
            ("TableName", "sync-table"),
            ("EventsQueueUrl", "https://sqs.example/1/events"),
            ("BulkQueueUrl", "https://sqs.example/1/bulk"),
            ("ParkedQueueUrl", "https://sqs.example/1/parked"),
        ])
        .unwrap();
        assert_eq!(settings.table, "sync-table");
        assert_eq!(settings.events_queue_url, "https://sqs.example/1/events");
        assert_eq!(settings.bulk_queue_url, "https://sqs.example/1/bulk");
        assert_eq!(settings.parked_queue_url, "https://sqs.example/1/parked");
    }

    #[test]
    fn a_stack_of_something_else_is_told_by_what_it_lacks() {
        assert_eq!(
            stack(&[("TableName", "t"), ("BulkQueueUrl", "https://sqs.example/1/bulk")]),
            Err("stack sync lacks the outputs EventsQueueUrl, ParkedQueueUrl".to_owned())
        );
    }
}
