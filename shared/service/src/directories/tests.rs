use jiff::Timestamp;
use store::memory::MemoryStore;

use super::*;

const TEXT: &str = r#"
id = "corp"
name = "Corp"
secret = "entra-sync/corp"
webhook_secret = "entra-sync/corp/webhook"
[jumpcloud]
scope.application = "65f0000000000000000000c1"
[entra]
tenant_id = "8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001"
client_id = "app"
"#;

struct World {
    store: MemoryStore,
    clock: Clock,
    directories: Directories<MemoryStore>,
}

fn world() -> World {
    let (store, clock) = (MemoryStore::new(), Clock::starting_at(Timestamp::UNIX_EPOCH));
    let directories = Directories::new(store.clone(), CustomEndpoints::Refused, clock.clone());
    World { store, clock, directories }
}

fn id(text: &str) -> DirectoryId {
    DirectoryId::parse(text).unwrap()
}

impl World {
    async fn put(&self, directory: &str, text: &str, version: u64) {
        let record = ConfigRecord {
            directory: id(directory),
            text: text.to_owned(),
            first_run: FirstRun::Pending,
            active: version == 1,
            version,
            applied_at: self.clock.now(),
        };
        assert!(self.store.put_config(&record, version - 1).await.unwrap());
    }

    async fn version(&self) -> Option<u64> {
        self.directories.get(&id("corp")).await.unwrap().map(|found| found.version)
    }
}

#[tokio::test]
async fn a_configuration_is_at_most_60_seconds_old() {
    let world = world();
    world.put("corp", TEXT, 1).await;
    let found = world.directories.get(&id("corp")).await.unwrap().unwrap();
    assert_eq!(found.config.name, "Corp");
    assert_eq!((found.first_run, found.active, found.version), (FirstRun::Pending, true, 1));

    world.put("corp", TEXT, 2).await;
    world.clock.advance(Duration::from_millis(59_999));
    assert_eq!(world.version().await, Some(1));
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(world.version().await, Some(2));
    assert!(!world.directories.get(&id("corp")).await.unwrap().unwrap().active);
}

#[tokio::test]
async fn an_unknown_directory_is_remembered_for_60_seconds() {
    let world = world();
    assert_eq!(world.version().await, None);
    world.put("corp", TEXT, 1).await;
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(world.version().await, None);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.version().await, Some(1));
}

#[tokio::test]
async fn unknown_directories_do_not_push_out_known_ones_or_grow_without_end() {
    let world = world();
    world.put("corp", TEXT, 1).await;
    assert_eq!(world.version().await, Some(1));
    for at in 0..3 * REMEMBERED {
        assert!(world.directories.get(&id(&format!("unknown-{at}"))).await.unwrap().is_none());
        assert!(world.directories.0.kept.lock().unwrap().len() <= REMEMBERED);
    }
    world.put("corp", TEXT, 2).await;
    assert_eq!(world.version().await, Some(1), "still the remembered one");
}

#[tokio::test]
async fn a_stored_text_that_no_longer_parses_names_the_directory() {
    let world = world();
    world.put("corp", TEXT, 1).await;
    world.put("old", "id = \"old\"\nshape = 1\n", 1).await;
    world.put("moved", TEXT, 1).await;
    let error = world.directories.get(&id("old")).await.unwrap_err();
    assert!(!error.is_passing());
    assert_eq!(error.to_string(), "the stored configuration of old is not usable");
    let errors = std::error::Error::source(&error).unwrap().to_string();
    assert!(errors.contains("shape: is not a known key"), "{errors}");
    let moved = world.directories.get(&id("moved")).await.unwrap_err();
    let errors = std::error::Error::source(&moved).unwrap().to_string();
    assert_eq!(errors, "id: is another than the one it is stored under");
    assert!(world.directories.all().await.is_err());
    let ids = world.directories.ids().await.unwrap();
    assert_eq!(ids, ["corp", "moved", "old"].map(id));
    assert_eq!(world.version().await, Some(1), "the others go on");
}

#[tokio::test]
async fn all_directories() {
    let world = world();
    assert!(world.directories.all().await.unwrap().is_empty());
    world.put("corp", TEXT, 1).await;
    world.put("two", &TEXT.replace("id = \"corp\"", "id = \"two\""), 1).await;
    let all = world.directories.all().await.unwrap();
    let names: Vec<&str> = all.iter().map(|found| found.config.id.as_str()).collect();
    assert_eq!(names, ["corp", "two"]);
}
