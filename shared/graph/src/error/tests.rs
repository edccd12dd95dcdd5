use super::*;

fn class(write: bool, status: u16, wait: Option<u64>, body: &str) -> String {
    let wait = wait.map(Duration::from_secs);
    let error = classify("PATCH /users/{id}", write, status, wait, body.as_bytes());
    let unanswered = if error.is_unanswered() { " unanswered" } else { "" };
    let refusal = match &error {
        GraphError::Refused { refusal, .. } => format!(" {refusal:?}"),
        _ => String::new(),
    };
    format!("{}{refusal} {:?}{unanswered}", error.class(), error.disposition())
}

fn body(code: &str, message: &str, details: &str) -> String {
    format!(
        r#"{{"error":{{"code":"{code}","message":"{message}","details":[{details}],
        "innerError":{{"date":"2026-01-15T10:17:06","request-id":"1"}}}}}}"#
    )
}

#[test]
fn the_documented_refusals() {
    let bad = |message, details: &str| {
        class(true, 400, None, &body("Request_BadRequest", message, details))
    };
    let upn = "Another object with the same value for property userPrincipalName already exists.";
    let conflict = r#"{"code":"ObjectConflict","target":"userPrincipalName"}"#;
    assert_eq!(bad(upn, conflict), "upn_taken Retry");
    assert_eq!(bad(upn, ""), "upn_taken Retry");
    assert_eq!(
        bad(
            "Another object with the same value for property proxyAddresses already exists.",
            r#"{"code":"ObjectConflict","target":"proxyAddresses"},{"code":"ConflictingObjects"}"#
        ),
        "refused ValueTaken Fail"
    );
    assert_eq!(
        bad(
            "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.",
            ""
        ),
        "refused DomainNotVerified Fail"
    );
    assert_eq!(
        bad(
            "Property userPrincipalName is invalid.",
            r#"{"code":"InvalidValue","target":"userPrincipalName"}"#
        ),
        "refused InvalidValue Fail"
    );
    assert_eq!(
        bad(
            "The specified password does not comply with password complexity requirements. Please provide a different password.",
            ""
        ),
        "refused Password Fail"
    );
    assert_eq!(
        bad(
            "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.",
            ""
        ),
        "refused MasteredElsewhere Fail"
    );
    assert_eq!(
        bad(
            "Unable to update the specified properties for objects that have originated within an external service.",
            ""
        ),
        "refused MasteredElsewhere Fail"
    );
    assert_eq!(
        bad("The source resource object or one of the objects being referenced don't exist.", ""),
        "passing Retry"
    );
    assert_eq!(bad("something new", ""), "refused Other Fail");
    assert_eq!(class(true, 418, None, "{}"), "refused Other Fail");
}

#[test]
fn permission_absence_and_throttling() {
    let denied = body(
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
        "",
    );
    assert_eq!(class(true, 403, None, &denied), "denied Fail");
    let quota = body("Directory_QuotaExceeded", "", "");
    assert_eq!(class(true, 403, None, &quota), "refused Quota Fail");
    let gone = body(
        "Request_ResourceNotFound",
        "Resource 'x' does not exist or one of its queried reference-property objects are not present.",
        "",
    );
    assert_eq!(class(false, 404, None, &gone), "not_found Retry");
    // A 404 that is not Graph's own proves nothing.
    assert_eq!(class(false, 404, None, "<html>"), "passing Retry");
    let busy = body("TooManyRequests", "Please retry again later.", "");
    assert_eq!(class(false, 429, Some(7), &busy), "throttled RetryAfter(7s)");
    assert_eq!(class(true, 429, None, &busy), "throttled Retry unanswered");
    assert_eq!(class(false, 401, None, ""), "token_refused Fail");
}

#[test]
fn a_fault_leaves_the_outcome_of_a_write_open() {
    for status in [500, 502, 503, 504] {
        assert_eq!(class(true, status, None, "<html>"), "passing Retry unanswered");
        assert_eq!(class(false, status, None, ""), "passing Retry");
    }
    assert_eq!(class(true, 503, Some(3), ""), "passing RetryAfter(3s) unanswered");
    for status in [409, 412, 424] {
        assert_eq!(class(true, status, None, ""), "passing Retry");
    }
}
