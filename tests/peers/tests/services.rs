//! The services of the load test, each started once.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use st_m2m_peers::{Issuer, service::Service};

/// A running service. It ends with the test.
struct Running {
    process: Child,
    address: String,
}

impl Running {
    fn start(name: &str, jwks_uri: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_service"))
            .arg(name)
            .env("JWKS_URI", jwks_uri)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the service starts");
        let mut url = String::new();
        BufReader::new(process.stdout.take().expect("it is piped"))
            .read_line(&mut url)
            .expect("it prints its URL");
        let address = url.trim().strip_prefix("http://");
        let address = address.and_then(|address| address.strip_suffix('/'));
        Self {
            address: address.expect("a URL").to_owned(),
            process,
        }
    }

    /// The status line of the answer to a request with this token.
    fn answer(&self, token: &str) -> String {
        let mut connection = TcpStream::connect(&self.address).expect("it listens");
        write!(
            connection,
            "GET / HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n",
            self.address
        )
        .expect("it reads");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("it answers");
        answer.lines().next().unwrap_or_default().to_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process.kill().expect("it runs until it is ended");
        self.process.wait().expect("it was started here");
    }
}

#[test]
fn every_service_answers_a_good_token_and_the_guarded_ones_refuse_a_bad_one() {
    let issuer = Issuer::new();
    let jwks_uri = format!("http://{}/jwks.json", issuer.serve_jwks());
    let (good, bad) = (issuer.token(1), Issuer::new().token(1));
    for (name, service) in Service::ALL {
        let running = Running::start(name, &jwks_uri);
        assert_eq!(running.answer(&good), "HTTP/1.1 200 OK", "{name}");
        let expected = if service.is_guarded() {
            "HTTP/1.1 401 Unauthorized"
        } else {
            "HTTP/1.1 200 OK"
        };
        assert_eq!(running.answer(&bad), expected, "{name}");
    }
}
