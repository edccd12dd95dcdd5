//! That what the functions read from their environment is what the deployment gives them.

use std::collections::BTreeSet;

/// Read by the AWS SDK, the Lambda runtime or the TLS library, not by us.
const READ_BY_OTHERS: &[&str] = &["AWS_", "SSL_CERT_FILE"];

/// The variables that only one of the two sides knows: `settings` is the file that reads them,
/// `template` the one that sets them.
pub fn differences(settings: &str, template: &str) -> Vec<String> {
    let (read, given) = (read(settings), given(template));
    let missing = read.difference(&given).map(|name| format!("the template does not set {name}"));
    let unread = given.difference(&read).map(|name| format!("{name} is set, and nobody reads it"));
    missing.chain(unread).collect()
}

/// The names of variables among the string literals of the file, its tests left out.
fn read(settings: &str) -> BTreeSet<&str> {
    let product = settings.split("#[cfg(test)]").next().unwrap_or_default();
    product.split('"').skip(1).step_by(2).filter(|text| is_variable(text)).collect()
}

/// The keys below each `Variables:` of an `Environment:`.
fn given(template: &str) -> BTreeSet<&str> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut given = BTreeSet::new();
    let mut below = None;
    for line in template.lines().filter(|line| !line.trim().is_empty()) {
        if below.is_some_and(|outer| indent(line) <= outer) {
            below = None;
        }
        if line.trim() == "Variables:" {
            below = Some(indent(line));
        } else if below.is_some()
            && let Some((name, _)) = line.trim().split_once(':')
            && is_variable(name)
        {
            given.insert(name);
        }
    }
    given
}

fn is_variable(text: &str) -> bool {
    text.contains('_')
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        && !READ_BY_OTHERS.iter().any(|others| text.starts_with(others))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &str = r#"
const TABLE: &str = "SYNC_TABLE";
fn filter() { get("RUST_LOG"); get("AWS_REGION"); say("is not A_URL") }
#[cfg(test)]
const OTHER: &str = "TEST_ONLY";
"#;
    const TEMPLATE: &str = "
Globals:
  Function:
    Environment:
      Variables:
        SYNC_TABLE: !Ref Table

        RUST_LOG: !Ref LogLevel
        SSL_CERT_FILE: /etc/pki/x.pem
    Timeout: 10
Outputs:
  OTHER_NAME: x
";

    #[test]
    fn both_sides_know_the_same_variables() {
        assert_eq!(differences(SETTINGS, TEMPLATE), Vec::<String>::new());
    }

    #[test]
    fn what_one_side_alone_knows_is_found() {
        let settings = format!("const X: &str = \"NEW_ONE\";{SETTINGS}");
        assert_eq!(differences(&settings, TEMPLATE), ["the template does not set NEW_ONE"]);
        let template = TEMPLATE.replace("RUST_LOG", "RUST_LOGS");
        assert_eq!(
            differences(SETTINGS, &template),
            ["the template does not set RUST_LOG", "RUST_LOGS is set, and nobody reads it"]
        );
    }
}
