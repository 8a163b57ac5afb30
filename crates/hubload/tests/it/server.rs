use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// A server in a process of its own, which ends with this.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("Now listening on: http://").unwrap().to_owned();
        Self { process, address }
    }

    pub(crate) fn floor() -> Self {
        Self::start(Command::new(env!("CARGO_BIN_EXE_hubload")).arg("floor"))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn hub(&self) -> String {
        format!("http://{}/bench", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
