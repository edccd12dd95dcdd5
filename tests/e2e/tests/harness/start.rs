//! Starting: a function whose settings are wrong says what is wrong with all of them.

use e2e::Function;

#[tokio::test]
async fn wrong_settings_are_all_named_before_the_first_event() {
    let environment = [
        ("SYNC_TABLE", "table"),
        ("EVENTS_QUEUE_URL", "no address"),
        ("ALLOW_CUSTOM_ENDPOINTS", "yes"),
        ("AWS_REGION", "eu-west-1"),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    for binary in ["ingest", "consumer", "reconciler"] {
        let said = Function::try_start(binary, &environment).await.expect_err(binary);
        for problem in [
            "EVENTS_QUEUE_URL is not a URL",
            "BULK_QUEUE_URL is not set",
            "PARKED_QUEUE_URL is not set",
            "ALLOW_CUSTOM_ENDPOINTS is neither 1 nor 0",
        ] {
            assert!(said.contains(problem), "{binary} does not say {problem}: {said}");
        }
        assert!(!said.contains("SYNC_TABLE"), "{binary}: {said}");
    }
}
