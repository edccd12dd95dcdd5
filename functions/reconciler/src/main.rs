//! The Lambda of the schedules: a task in, what its runs came to out.

use clock::Clock;
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use reconciler::Reconciler;
use serde_json::Value;
use service::secrets::Secrets;
use service::settings::Settings;
use store::dynamodb::DynamoStore;
use sync_engine::Engine;
use sync_engine::directories::Directories;
use work_queue::sqs::{QueueUrls, SqsQueue};

#[tokio::main]
async fn main() -> Result<(), Error> {
    service::telemetry::init();
    let settings = Settings::from_env()?;
    let aws = service::aws::config().await;
    let clock = Clock::system();

    let store =
        DynamoStore::new(aws_sdk_dynamodb::Client::new(&aws), &settings.table, clock.clone());
    let urls = QueueUrls {
        events: settings.events_queue_url,
        bulk: settings.bulk_queue_url,
        parked: settings.parked_queue_url,
    };
    let queue = SqsQueue::new(aws_sdk_sqs::Client::new(&aws), urls, clock.clone());
    let secrets = Secrets::new(aws_sdk_secretsmanager::Client::new(&aws), clock.clone());
    let configured = service::directories::Directories::new(
        store.clone(),
        settings.custom_endpoints,
        clock.clone(),
    );
    let directories = Directories::new(configured, secrets, clock.clone());
    let reconciler = Reconciler::new(Engine::new(store, queue, clock), directories);

    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let (input, context) = event.into_parts();
        let deadline = Timestamp::from_millisecond(context.deadline.cast_signed());
        // A deadline beyond the end of time is none.
        let deadline = deadline.unwrap_or(Timestamp::MAX);
        reconciler.handle(&input, deadline).await.map_err(Diagnostic::from)
    }))
    .await
}
