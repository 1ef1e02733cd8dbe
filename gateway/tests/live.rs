//! A bus that has accepted the connection and has not yet confirmed the subscription.

use std::collections::HashMap;

use chassis::secret_file::SecretFile;
use gateway::{Live, NatsSettings};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::{mpsc, oneshot},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_secs(20);

/// A bus that sends a message back to its sender once `confirm` is sent. Tells the operations that the bus gets.
async fn slow_bus(confirm: oneshot::Receiver<()>) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    let (sender, operations) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let (read, mut write) = socket.into_split();
        let info = r#"INFO {"server_id":"x","server_name":"x","version":"2.11.0","go":"","host":"127.0.0.1","port":1,"proto":1,"headers":true,"max_payload":1048576}"#;
        write.write_all(format!("{info}\r\n").as_bytes()).await.unwrap();
        let (mut lines, mut numbers, mut confirm) =
            (BufReader::new(read).lines(), HashMap::new(), Some(confirm));
        while let Ok(Some(line)) = lines.next_line().await {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            sender.send(words[0].clone()).unwrap();
            match words[0].as_str() {
                "PING" => write.write_all(b"PONG\r\n").await.unwrap(),
                "SUB" => drop(numbers.insert(words[1].clone(), words[2].clone())),
                "PUB" => {
                    if let Some(confirm) = confirm.take() {
                        confirm.await.unwrap();
                    }
                    let (subject, number) = (&words[1], &numbers[&words[1]]);
                    let back = format!("MSG {subject} {number} 0\r\n\r\n");
                    write.write_all(back.as_bytes()).await.unwrap();
                }
                _ => {}
            }
        }
    });
    (url, operations)
}

#[tokio::test]
async fn nothing_is_cached_before_the_bus_has_confirmed_the_subscription() {
    let (confirm, confirmed) = oneshot::channel();
    let (url, mut operations) = slow_bus(confirmed).await;
    let settings = NatsSettings { url, user: String::new(), password_file: SecretFile::default() };
    let live = Live::start(&settings, |_| Vec::new(), CancellationToken::new()).await.unwrap();
    let mut seen = Vec::new();
    while !seen.contains(&"PUB".to_owned()) {
        seen.push(tokio::time::timeout(LIMIT, operations.recv()).await.unwrap().unwrap());
    }
    assert!(seen.contains(&"SUB".to_owned()), "{seen:?}");
    assert!(!live.is_connected(), "a revocation may have been missed");
    confirm.send(()).unwrap();
    let connected = async {
        while !live.is_connected() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, connected).await.unwrap();
}
