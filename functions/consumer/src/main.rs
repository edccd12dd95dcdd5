//! The Lambda of both queues: an SQS batch in, the messages that are handed back out.

use aws_lambda_events::event::sqs::SqsEvent;
use consumer::Consumer;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    service::telemetry::init();
    let (engine, directories) = sync_engine::deployed::from_environment().await?;
    let consumer = Consumer::new(engine, directories);

    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let (batch, context) = event.into_parts();
        let deadline = Timestamp::from_millisecond(context.deadline.cast_signed());
        // A deadline beyond the end of time is none.
        let deadline = deadline.unwrap_or(Timestamp::MAX);
        Ok::<_, Error>(consumer.handle(batch, deadline).await)
    }))
    .await
}
