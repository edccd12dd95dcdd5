use super::*;

const NOW: i64 = 1_777_852_800;
const PATH: &str = "/events/corp";
const BODY: &[u8] = br#"{"event_type":"user_update"}"#;

fn secret(tokens: &[&str], keys: &[&str]) -> WebhookSecret {
    let wrap = |texts: &[&str]| texts.iter().map(|text| Secret::new(*text)).collect();
    WebhookSecret { tokens: wrap(tokens), signing_keys: wrap(keys) }
}

fn proof(headers: &[(&str, &str)]) -> Proof {
    Proof::of(|name| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
}

/// Whether these headers prove the sender to a directory with two tokens and two keys.
fn holds(headers: &[(&str, &str)]) -> bool {
    holds_at(headers, NOW * 1000, PATH, BODY)
}

fn holds_at(headers: &[(&str, &str)], now: i64, path: &str, body: &[u8]) -> bool {
    let secret = secret(&["current", "previous"], &["key", "old key"]);
    let now = Timestamp::from_millisecond(now).unwrap();
    proof(headers).holds(&secret, &Signed { path, body }, now)
}

fn basic(pair: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

#[test]
fn tokens_in_their_three_places() {
    let cases: [(&str, &str, bool); 19] = [
        ("authorization", "Bearer current", true),
        ("authorization", "bearer previous", true),
        ("authorization", "Bearer  current ", true),
        ("authorization", "Bearer curren", false),
        ("authorization", "Bearer currentx", false),
        ("authorization", "Bearer CURRENT", false),
        ("authorization", "Bearer ", false),
        ("authorization", "Bearer", false),
        ("authorization", "current", false),
        ("authorization", "Token current", false),
        ("authorization", "Bearer current,Bearer current", false),
        ("authorization", &basic("anybody:current"), true),
        ("authorization", &basic(":previous"), true),
        ("authorization", &basic("current:"), false),
        ("authorization", &basic("current"), false),
        ("authorization", "Basic current", false),
        ("x-api-key", "current", true),
        ("x-api-key", "current,current", false),
        ("x-token", "current", false),
    ];
    for (name, value, wanted) in cases {
        assert_eq!(holds(&[(name, value)]), wanted, "{name}: {value}");
    }
    assert!(holds(&[("authorization", "Bearer wrong"), ("x-api-key", "current")]));
}

#[test]
fn a_password_may_hold_colons() {
    let secret = secret(&["pass:word"], &[]);
    let signed = Signed { path: PATH, body: BODY };
    let headers = [("authorization", basic("user:pass:word"))];
    let proof = Proof::of(|name| headers.iter().find(|(k, _)| *k == name).map(|(_, v)| v.as_str()));
    assert!(proof.holds(&secret, &signed, Timestamp::UNIX_EPOCH));
}

#[test]
fn what_proves_nothing_is_empty() {
    for headers in [
        &[][..],
        &[("authorization", "Digest x")],
        &[("x-signature-timestamp", "1777852800")],
        &[("x-signature-256", SIGNATURE)],
        &[("x-signature-timestamp", "soon"), ("x-signature-256", SIGNATURE)],
        &[("x-signature-timestamp", "+1777852800"), ("x-signature-256", SIGNATURE)],
        &[("x-signature-timestamp", ""), ("x-signature-256", SIGNATURE)],
        &[("x-signature-timestamp", "1777852800"), ("x-signature-256", &SIGNATURE[7..])],
        &[("x-signature-timestamp", "1777852800"), ("x-signature-256", "sha256=00")],
    ] {
        assert!(proof(headers).is_empty(), "{headers:?}");
        assert!(!holds(headers));
    }
    assert!(!proof(&[("x-api-key", "")]).is_empty());
    assert!(!holds(&[("x-api-key", "")]));
}

/// Of [`BODY`] at [`NOW`] with `key`, made by
/// `printf '1777852800.POST /events/corp.{"event_type":"user_update"}' | openssl dgst -sha256 -hmac key`.
const SIGNATURE: &str = "sha256=6eeef48df442d85e568ecde70d378ff6e47a1d4294611bcbedb9dc581d2e9c5f";
/// The same with `old key`.
const OLD_SIGNATURE: &str =
    "sha256=308c3e458e4efdde12fa237a8df0757c2963d8e5c71fa366ab685747f3b83d84";
/// The same with another key.
const FOREIGN_SIGNATURE: &str =
    "sha256=f0c1686bb2b53e238228f56a17f23a110c021d18ae9bd68c179ad48b4342be7c";

fn signed(signature: &str) -> [(&'static str, &str); 2] {
    [("x-signature-timestamp", "1777852800"), ("x-signature-256", signature)]
}

#[test]
fn a_signature_covers_time_path_and_body() {
    let now = NOW * 1000;
    assert!(holds(&signed(SIGNATURE)));
    assert!(holds(&signed(&SIGNATURE.to_uppercase().replace("SHA", "sha"))));
    assert!(holds(&signed(OLD_SIGNATURE)));
    assert!(!holds(&signed(FOREIGN_SIGNATURE)));
    assert!(!holds_at(&signed(SIGNATURE), now, "/events/other", BODY));
    assert!(!holds_at(&signed(SIGNATURE), now, PATH, br#"{"event_type":"user_delete"}"#));
    assert!(!holds_at(&signed(SIGNATURE), now, PATH, b""));
    let later = [("x-signature-timestamp", "1777852801"), ("x-signature-256", SIGNATURE)];
    assert!(!holds(&later));
    let same_second = [("x-signature-timestamp", "01777852800"), ("x-signature-256", SIGNATURE)];
    assert!(!holds(&same_second), "the text is signed, not the number");
}

#[test]
fn a_signature_is_taken_from_240_seconds_ago_to_30_seconds_ahead() {
    for (offset, wanted) in
        [(240_000, true), (240_001, false), (3_600_000, false), (-30_000, true), (-30_001, false)]
    {
        let held = holds_at(&signed(SIGNATURE), NOW * 1000 + offset, PATH, BODY);
        assert_eq!(held, wanted, "{offset}");
    }
    let far = [("x-signature-timestamp", "9223372036854775807"), ("x-signature-256", SIGNATURE)];
    assert!(!holds(&far));
}

#[test]
fn without_tokens_or_keys_nothing_holds() {
    let signed_parts = Signed { path: PATH, body: BODY };
    let now = Timestamp::from_second(NOW).unwrap();
    let proof_of_token = proof(&[("x-api-key", "current")]);
    assert!(!proof_of_token.holds(&secret(&[], &["current"]), &signed_parts, now));
    let proof_of_key = proof(&signed(SIGNATURE));
    assert!(!proof_of_key.holds(&secret(&["key"], &[]), &signed_parts, now));
}
