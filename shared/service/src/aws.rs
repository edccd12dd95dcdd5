//! The configuration that every AWS client starts from.

pub use aws_config::SdkConfig;

/// Credentials, region and endpoint as the AWS SDK finds them; nothing of ours overrides them.
///
/// Nothing is called: credentials are fetched when the first request needs them.
pub async fn config() -> SdkConfig {
    aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await
}
