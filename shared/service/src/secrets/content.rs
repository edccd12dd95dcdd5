//! What is inside a secret (design 4.3), and how a secret is named.

use serde_json::{Map, Value};
use sync_core::ids::InvalidId;
use transport::Secret;

/// Every secret of ours starts with this; the functions may read no other.
const PREFIX: &str = "entra-sync/";

/// The name of a secret in Secrets Manager.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretId(String);

impl SecretId {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"/_+=.@-".contains(&b);
        let ok = text.len() > PREFIX.len()
            && text.len() <= 512
            && text.starts_with(PREFIX)
            && text.bytes().all(allowed);
        ok.then(|| Self(text.to_owned())).ok_or(InvalidId {
            kind: "secret id",
            wanted: "entra-sync/ and then letters, digits or /_+=.@-",
        })
    }

    /// The name as Secrets Manager spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for SecretId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for SecretId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

/// A secret whose content lacks what is needed; it stays so until somebody changes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret {id} is not usable: {key} {why}")]
pub struct MalformedSecret {
    /// The secret.
    pub id: SecretId,
    /// What is missing or wrong in it.
    pub key: &'static str,
    /// In which way.
    pub why: &'static str,
}

/// What the two vendors want to see, each readable without the other.
#[derive(Debug, Clone)]
pub struct DirectorySecret {
    /// JumpCloud's half.
    pub jumpcloud: Result<JumpCloudSecret, MalformedSecret>,
    /// Entra's half.
    pub entra: Result<EntraSecret, MalformedSecret>,
}

/// How we prove ourselves to JumpCloud.
#[derive(Debug, Clone)]
pub enum JumpCloudSecret {
    /// An administrator's key.
    ApiKey(Secret),
    /// A service account.
    ServiceAccount {
        /// The account.
        client_id: String,
        /// Its secret.
        client_secret: Secret,
    },
}

/// How we prove ourselves to Entra.
#[derive(Debug, Clone)]
pub enum EntraSecret {
    /// A client secret of the app registration.
    ClientSecret(Secret),
}

/// What senders of events prove themselves with.
#[derive(Debug, Clone)]
pub struct WebhookSecret {
    /// The current token and, while it is being changed, the previous one.
    pub tokens: Vec<Secret>,
    /// Keys of signatures.
    pub signing_keys: Vec<Secret>,
}

impl DirectorySecret {
    pub(super) fn parse(id: &SecretId, text: &Secret) -> Result<Self, MalformedSecret> {
        let content = Content::parse(id, text)?;
        Ok(Self { jumpcloud: content.jumpcloud(), entra: content.entra() })
    }
}

impl WebhookSecret {
    pub(super) fn parse(id: &SecretId, text: &Secret) -> Result<Self, MalformedSecret> {
        let content = Content::parse(id, text)?;
        let tokens = content.list("tokens")?;
        let signing_keys = content.list("signing_keys")?;
        if tokens.is_empty() && signing_keys.is_empty() {
            return Err(content.malformed("tokens", "is missing, and so is signing_keys"));
        }
        Ok(Self { tokens, signing_keys })
    }
}

/// A secret's JSON object. It has no `Debug`, since it holds values.
struct Content<'a> {
    id: &'a SecretId,
    object: Map<String, Value>,
}

impl<'a> Content<'a> {
    fn parse(id: &'a SecretId, text: &Secret) -> Result<Self, MalformedSecret> {
        match serde_json::from_str(text.expose()) {
            Ok(Value::Object(object)) => Ok(Self { id, object }),
            Ok(_) | Err(_) => Err(MalformedSecret {
                id: id.clone(),
                key: "its text",
                why: "is not a JSON object",
            }),
        }
    }

    fn malformed(&self, key: &'static str, why: &'static str) -> MalformedSecret {
        MalformedSecret { id: self.id.clone(), key, why }
    }

    /// A text below `half`; absent or empty, it is missing.
    fn text(&self, half: &str, key: &str) -> Option<&str> {
        self.object.get(half)?.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    fn jumpcloud(&self) -> Result<JumpCloudSecret, MalformedSecret> {
        let text = |key| self.text("jumpcloud", key);
        match (text("api_key"), text("client_id"), text("client_secret")) {
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
                Err(self.malformed("jumpcloud", "holds both a key and a service account"))
            }
            (Some(key), None, None) => Ok(JumpCloudSecret::ApiKey(Secret::new(key))),
            (None, Some(id), Some(secret)) => Ok(JumpCloudSecret::ServiceAccount {
                client_id: id.to_owned(),
                client_secret: Secret::new(secret),
            }),
            (None, Some(_), None) => Err(self.malformed("jumpcloud.client_secret", "is missing")),
            (None, None, Some(_)) => Err(self.malformed("jumpcloud.client_id", "is missing")),
            (None, None, None) => Err(self.malformed("jumpcloud.api_key", "is missing")),
        }
    }

    fn entra(&self) -> Result<EntraSecret, MalformedSecret> {
        self.text("entra", "client_secret")
            .map(|secret| EntraSecret::ClientSecret(Secret::new(secret)))
            .ok_or_else(|| self.malformed("entra.client_secret", "is missing"))
    }

    /// A list of texts; absent, it is empty. An empty text would be a token that anybody knows.
    fn list(&self, key: &'static str) -> Result<Vec<Secret>, MalformedSecret> {
        let wrong = || self.malformed(key, "is not a list of texts");
        let entries = match self.object.get(key) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(entries)) => entries,
            Some(_) => return Err(wrong()),
        };
        entries
            .iter()
            .map(|entry| {
                let text = entry.as_str().map(str::trim).filter(|text| !text.is_empty());
                text.map(Secret::new).ok_or_else(wrong)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> SecretId {
        SecretId::parse("entra-sync/corp").unwrap()
    }

    fn directory(text: &str) -> Result<DirectorySecret, MalformedSecret> {
        DirectorySecret::parse(&id(), &Secret::new(text))
    }

    fn webhook(text: &str) -> Result<WebhookSecret, String> {
        WebhookSecret::parse(&id(), &Secret::new(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn both_halves() {
        let secret = directory(
            r#"{"jumpcloud":{"api_key":"jk"},"entra":{"client_secret":"es"},"note":"x"}"#,
        );
        let DirectorySecret { jumpcloud, entra } = secret.unwrap();
        assert!(matches!(jumpcloud, Ok(JumpCloudSecret::ApiKey(key)) if key.expose() == "jk"));
        assert!(matches!(entra, Ok(EntraSecret::ClientSecret(s)) if s.expose() == "es"));
    }

    #[test]
    fn a_service_account() {
        let secret = directory(r#"{"jumpcloud":{"client_id":"id","client_secret":"cs\n"}}"#);
        let account = secret.unwrap().jumpcloud.unwrap();
        assert!(matches!(account, JumpCloudSecret::ServiceAccount { client_id, client_secret }
            if client_id == "id" && client_secret.expose() == "cs"));
    }

    #[test]
    fn one_wrong_half_leaves_the_other_usable_and_names_its_key() {
        let says = |half: Result<String, MalformedSecret>| half.unwrap_err().to_string();
        let half = |text| directory(text).unwrap();
        let only_entra = half(r#"{"entra":{"client_secret":"es"}}"#);
        assert!(only_entra.entra.is_ok());
        assert_eq!(
            says(only_entra.jumpcloud.map(|_| String::new())),
            "the secret entra-sync/corp is not usable: jumpcloud.api_key is missing"
        );
        let only_jumpcloud = half(r#"{"jumpcloud":{"api_key":"jk"},"entra":{"client_secret":""}}"#);
        assert!(only_jumpcloud.jumpcloud.is_ok());
        assert_eq!(only_jumpcloud.entra.unwrap_err().key, "entra.client_secret");
        let key = |text| half(text).jumpcloud.unwrap_err().key;
        assert_eq!(key(r#"{"jumpcloud":{"client_id":"id"}}"#), "jumpcloud.client_secret");
        assert_eq!(key(r#"{"jumpcloud":{"client_secret":"cs"}}"#), "jumpcloud.client_id");
        assert_eq!(
            key(r#"{"jumpcloud":{"api_key":"jk","client_id":"id","client_secret":"cs"}}"#),
            "jumpcloud"
        );
    }

    #[test]
    fn no_error_shows_a_value() {
        for text in ["hunter2", r#"["hunter2"]"#, r#""hunter2""#, r#"{"tokens":"hunter2"}"#] {
            let error = WebhookSecret::parse(&id(), &Secret::new(text)).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{text}");
        }
        let text = r#"{"jumpcloud":{"api_key":"hunter2"},"entra":{"client_secret":"hunter2"}}"#;
        assert!(!format!("{:?}", directory(text).unwrap()).contains("hunter2"));
    }

    #[test]
    fn tokens_and_signing_keys() {
        let secret = webhook(r#"{"tokens":["new","old"],"signing_keys":["k"]}"#).unwrap();
        let tokens: Vec<&str> = secret.tokens.iter().map(Secret::expose).collect();
        assert_eq!((tokens, secret.signing_keys.len()), (vec!["new", "old"], 1));
        assert_eq!(webhook(r#"{"signing_keys":["k"]}"#).unwrap().tokens.len(), 0);
        for nothing in ["{}", r#"{"tokens":[]}"#, r#"{"tokens":null,"signing_keys":[]}"#] {
            assert!(webhook(nothing).unwrap_err().contains("tokens is missing"), "{nothing}");
        }
        for wrong in [r#"{"tokens":[""]}"#, r#"{"tokens":[1]}"#, r#"{"tokens":["a"," "]}"#] {
            assert!(webhook(wrong).unwrap_err().ends_with("tokens is not a list of texts"));
        }
    }

    #[test]
    fn secret_ids_start_with_our_prefix() {
        assert!(SecretId::parse("entra-sync/corp/webhook").is_ok());
        for wrong in ["corp", "entra-sync/", "entra-sync", "other/entra-sync/x", "entra-sync/a b"] {
            assert!(SecretId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
