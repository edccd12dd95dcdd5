//! A private local AWS for the tests of one process.
//!
//! It is started by the first test that needs it, on a free loopback port, and shared by the
//! others: each test makes a table or queues of its own. A shell stands between: it waits for the
//! end of a pipe that this process holds open, and then ends the server by its process id,
//! whatever way this process ended.
#![warn(missing_docs)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

/// What the server takes as region.
pub const REGION: &str = "eu-west-1";

/// What the server takes as access key and as secret key.
pub const KEY: &str = "local";

const LOCAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.local");

static SERVER: LazyLock<Result<Server, String>> = LazyLock::new(Server::start);

/// The port of the running server.
///
/// # Panics
///
/// If it does not start; the message says what to do.
pub fn port() -> u16 {
    match &*SERVER {
        Ok(server) => server.port,
        Err(why) => panic!("no local AWS server: {why}"),
    }
}

/// The address of the running server.
///
/// # Panics
///
/// As [`port`].
pub fn url() -> String {
    format!("http://127.0.0.1:{}", port())
}

/// What runs until its pipe ends, which is when this process does.
struct Server {
    port: u16,
    _shell: Child,
}

const SHELL: &str = r#""$1" >"$2" 2>&1 & pid=$!; cat >/dev/null; kill "$pid"; wait "$pid""#;

impl Server {
    fn start() -> Result<Self, String> {
        let program = program();
        if !program.is_file() {
            return Err(format!("{} is missing: run `make prepare`", program.display()));
        }
        Self::start_in(&program, &Path::new(LOCAL).join("target/tmp"))
            .unwrap_or_else(|error| Err(error.to_string()))
    }

    fn start_in(program: &Path, folder: &Path) -> std::io::Result<Result<Self, String>> {
        std::fs::create_dir_all(folder)?;
        let mut said = String::new();
        for _ in 0..3 {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
            let log = folder.join(format!("ministack-{port}.log"));
            let mut shell = Command::new("sh")
                .args(["-c", SHELL, "sh"])
                .args([program, &log])
                .env_clear()
                .envs([("PATH", "/usr/bin:/bin"), ("BIND_HOST", "127.0.0.1")])
                .envs([("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", KEY)])
                .envs([("AWS_REGION", REGION), ("AWS_DEFAULT_REGION", REGION)])
                .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
                .env("GATEWAY_PORT", port.to_string())
                .env("IOT_MTLS_ENABLED", "0")
                .env("HOME", folder)
                .env("TMPDIR", folder)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()?;
            if until_ready(port) {
                // Written on, and gone with the server.
                std::fs::remove_file(&log)?;
                return Ok(Ok(Self { port, _shell: shell }));
            }
            // Waiting closes the pipe first.
            shell.wait()?;
            said = std::fs::read_to_string(&log).unwrap_or_default();
        }
        Ok(Err(format!(
            "{} does not answer; after `make prepare` it should:\n{said}",
            program.display()
        )))
    }
}

/// The installed server, or another one that the variable `MINISTACK` names.
fn program() -> PathBuf {
    std::env::var_os("MINISTACK")
        .map_or_else(|| Path::new(LOCAL).join("venv/bin/ministack"), PathBuf::from)
}

fn until_ready(port: u16) -> bool {
    (0..600).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        answers(port).unwrap_or(false)
    })
}

fn answers(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(b"GET /_ministack/health HTTP/1.1\r\nhost: localhost\r\n\r\n")?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    Ok(status.ends_with(b" 200"))
}
