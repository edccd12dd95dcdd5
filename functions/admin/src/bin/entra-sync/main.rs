//! `entra-sync`: the operators' command line.
//!
//! It runs in process with the operator's own AWS credentials. What the commands do is the
//! library's; here is only how they are asked for and how answers are printed.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use admin::Exit;
use admin::config::Graph;
use clap::Parser;
use clock::Clock;

mod ask;
mod cli;
mod connect;
mod error;
mod output;
mod run;

use cli::Cli;
use error::RunError;
use output::Output;
use run::{Doors, World};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut output = Output::new(io::stdout(), io::stderr(), cli.global.json, output::width());
    // On the heap: the AWS clients' futures are large.
    let ended = match Box::pin(start(cli, &mut output)).await {
        Ok(exit) => exit,
        Err(error) => {
            let exit = error.exit();
            // There is nowhere left to say that standard error is closed.
            let _ = output.error(&error);
            exit
        }
    };
    ExitCode::from(u8::from(ended))
}

async fn start(cli: Cli, output: &mut Output<io::Stdout, io::Stderr>) -> Result<Exit, RunError> {
    let Cli { global, command } = cli;
    let custom = global.custom_endpoints();
    let command = match run::without_aws(command, &global, custom, output)? {
        run::Left::Finished(exit) => return Ok(exit),
        run::Left::NeedsAws(command) => command,
    };
    let clock = Clock::system();
    let (store, queue, secrets) = connect::connect(global.stack.as_deref(), &clock).await?;
    let tenants = Graph::new(secrets, clock.clone());
    let asker = ask::Asker::new(io::stdin().lock(), io::stdin().is_terminal(), global.yes);
    let mut doors = Doors { output, asker };
    World { store, queue, tenants, clock }.run(command, &global, &mut doors).await
}
