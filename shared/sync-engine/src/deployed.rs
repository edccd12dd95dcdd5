//! The engine on AWS, as the environment describes it: one wiring for every function that syncs.

use clock::Clock;
use service::secrets::Secrets;
use service::settings::{Settings, SettingsError};
use store::dynamodb::DynamoStore;
use work_queue::sqs::{QueueUrls, SqsQueue};

use crate::Engine;
use crate::directories::Directories;

/// The engine over the deployed table and queues, and the directories it works in.
///
/// Nothing is called: a cold start is settings and clients, and the first event needs the rest.
///
/// # Errors
/// Every variable that is missing or wrong.
pub async fn from_environment()
-> Result<(Engine<DynamoStore, SqsQueue>, Directories<DynamoStore>), SettingsError> {
    let settings = Settings::from_env()?;
    let aws = service::aws::config().await;
    let clock = Clock::system();
    let table = aws_sdk_dynamodb::Client::new(&aws);
    let store = DynamoStore::new(table, &settings.table, clock.clone());
    let urls = QueueUrls {
        events: settings.events_queue_url,
        bulk: settings.bulk_queue_url,
        parked: settings.parked_queue_url,
    };
    let queue = SqsQueue::new(aws_sdk_sqs::Client::new(&aws), urls, clock.clone());
    let secrets = Secrets::new(aws_sdk_secretsmanager::Client::new(&aws), clock.clone());
    let custom = settings.custom_endpoints;
    let configured = service::directories::Directories::new(store.clone(), custom, clock.clone());
    let directories = Directories::new(configured, secrets, clock.clone());
    Ok((Engine::new(store, queue, clock), directories))
}
