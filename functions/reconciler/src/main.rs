//! The Lambda of the schedules: a task in, what its runs came to out.

use jiff::Timestamp;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use reconciler::Reconciler;
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    service::telemetry::init();
    let (engine, directories) = sync_engine::deployed::from_environment().await?;
    let reconciler = Reconciler::new(engine, directories);

    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let (input, context) = event.into_parts();
        let deadline = Timestamp::from_millisecond(context.deadline.cast_signed());
        // A deadline beyond the end of time is none.
        let deadline = deadline.unwrap_or(Timestamp::MAX);
        reconciler.handle(&input, deadline).await.map_err(Diagnostic::from)
    }))
    .await
}
