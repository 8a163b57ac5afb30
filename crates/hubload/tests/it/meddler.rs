use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

/// Starts a proxy that changes what a server sends, and tells its address. `meddle` gets what came
/// at once, which of the floor is one frame, and its number on that connection.
pub(crate) fn start(server: &str, meddle: fn(Vec<u8>, usize) -> Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = server.to_owned();
    thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            let server = TcpStream::connect(&server).unwrap();
            server.set_nodelay(true).unwrap();
            pass(client.try_clone().unwrap(), server.try_clone().unwrap(), |bytes, _| bytes);
            pass(server, client, meddle);
        }
    });
    address
}

fn pass(
    mut from: TcpStream,
    mut to: TcpStream,
    meddle: impl Fn(Vec<u8>, usize) -> Vec<u8> + Send + 'static,
) {
    thread::spawn(move || {
        let mut buffer = [0; 65536];
        for number in 0.. {
            match from.read(&mut buffer) {
                Ok(length @ 1..) => {
                    if to.write_all(&meddle(buffer[..length].to_vec(), number)).is_err() {
                        break;
                    }
                }
                _ => break,
            }
        }
        // Whoever is on the other side may have gone first.
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
}
