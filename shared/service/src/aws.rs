//! The configuration that every AWS client starts from.

use std::time::Duration;

pub use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(2);
/// How long one attempt may take; the services answer within milliseconds.
const ATTEMPT: Duration = Duration::from_secs(3);
/// How long all attempts of one operation may take: less than what must be left of a lease (R1).
const OPERATION: Duration = Duration::from_secs(8);

/// Credentials, region and endpoint as the AWS SDK finds them; nothing of ours overrides them.
///
/// Nothing is called: credentials are fetched when the first request needs them.
pub async fn config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build();
    aws_config::defaults(aws_config::BehaviorVersion::latest())
        .timeout_config(timeouts)
        .load()
        .await
}
