//! Argon2id on separate threads: one per core, at a lower priority than the threads that serve requests. Each
//! thread reuses one block of memory and wipes the block before it waits. The queue is short: when it is
//! full, the answer is "busy".

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, PasswordHash, Salt},
};
use tokio::sync::oneshot;
use zeroize::Zeroize;

use proto::identity::v1::ErrorReason;

use crate::error::Error;

/// How many hashes may wait. At 25 ms each on two cores, the last one waits less than a second.
const QUEUE: usize = 64;
/// The Unix nice value of the hashing threads: below the threads that serve requests, and enough that people can log in
/// while pages take all they can.
const NICENESS: i32 = 10;

/// How a hash with the parameters of new hashes begins.
pub(super) const PREFIX: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

enum Job {
    Hash { input: [u8; 32], done: oneshot::Sender<Option<String>> },
    Verify { input: [u8; 32], stored: Option<String>, done: oneshot::Sender<bool> },
}

/// A handle to the hashing threads. Cheap to clone; the threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Hasher(mpsc::SyncSender<Job>);

impl Hasher {
    /// Starts the threads.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start() -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::sync_channel(QUEUE);
        let receiver = Arc::new(Mutex::new(receiver));
        let cores = thread::available_parallelism().map_or(2, usize::from);
        for number in 0..cores {
            let receiver = Arc::clone(&receiver);
            thread::Builder::new().name(format!("argon2-{number}")).spawn(move || work(&receiver))?;
        }
        Ok(Self(sender))
    }

    /// The hash of an input, in PHC form.
    ///
    /// # Errors
    /// [`ErrorReason::Busy`] if the queue is full.
    pub async fn hash(&self, input: [u8; 32]) -> Result<String, Error> {
        let (done, hashed) = oneshot::channel();
        self.0.try_send(Job::Hash { input, done }).map_err(|_| Error::from(ErrorReason::Busy))?;
        hashed.await.ok().flatten().ok_or_else(|| ErrorReason::Busy.into())
    }

    /// Whether the input matches the stored hash. Without a stored hash the work is the same, the answer no.
    ///
    /// # Errors
    /// [`ErrorReason::Busy`] if the queue is full.
    pub async fn verify(&self, input: [u8; 32], stored: Option<String>) -> Result<bool, Error> {
        let (done, verified) = oneshot::channel();
        self.0.try_send(Job::Verify { input, stored, done }).map_err(|_| Error::from(ErrorReason::Busy))?;
        verified.await.map_err(|_| Error::from(ErrorReason::Busy))
    }
}

fn work(jobs: &Mutex<mpsc::Receiver<Job>>) {
    // On Linux this sets the priority of this thread only. If it fails, hashing runs at normal priority.
    let _ = rustix::process::setpriority_process(None, NICENESS);
    // Allocated at the first hash, so that an idle process does not hold 19 MiB per thread.
    let mut memory = Vec::new();
    loop {
        // The next job overwrites the memory of the last. If no job is queued, wipe it before waiting.
        let next = jobs.try_lock().ok().and_then(|jobs| jobs.try_recv().ok());
        let job = if let Some(job) = next {
            job
        } else {
            memory.iter_mut().for_each(Zeroize::zeroize);
            let Ok(Ok(job)) = jobs.lock().map(|jobs| jobs.recv()) else { return };
            job
        };
        memory.resize(Params::DEFAULT.block_count(), Block::default());
        // Tests count this line: every login costs exactly one hash.
        tracing::debug!("argon2");
        match job {
            Job::Hash { input, done } => {
                let _ = done.send(hash(&input, &mut memory));
            }
            Job::Verify { input, stored, done } => {
                let _ = done.send(verify(&input, stored.as_deref(), &mut memory));
            }
        }
    }
}

fn hash(input: &[u8; 32], memory: &mut [Block]) -> Option<String> {
    let salt = Salt::new(&chassis::secret::random::<16>()).ok()?;
    let output = raw(input, &salt, &Params::DEFAULT, memory)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: (&Params::DEFAULT).try_into().ok()?,
        salt: Some(salt),
        hash: Some(output),
    };
    Some(hash.to_string())
}

fn verify(input: &[u8; 32], stored: Option<&str>, memory: &mut [Block]) -> bool {
    let stored = stored.and_then(|stored| PasswordHash::new(stored).ok());
    let Some((hash, salt, expected)) = stored.and_then(|hash| Some((hash.clone(), hash.salt?, hash.hash?)))
    else {
        // Do the same work without a stored hash: the response time must not show who has a password.
        if let Ok(salt) = Salt::new(&[0; 16]) {
            let _ = raw(input, &salt, &Params::DEFAULT, memory);
        }
        return false;
    };
    let Ok(params) = Params::try_from(&hash) else { return false };
    raw(input, &salt, &params, memory)
        .is_some_and(|output| chassis::secret::constant_time_eq(output.as_bytes(), expected.as_bytes()))
}

fn raw(input: &[u8; 32], salt: &Salt, params: &Params, memory: &mut [Block]) -> Option<Output> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    if params.block_count() <= memory.len() {
        argon2.hash_password_into_with_memory(input, salt, &mut output, memory).ok()?;
    } else {
        argon2.hash_password_into(input, salt, &mut output).ok()?;
    }
    Output::new(&output).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_hashed_input_verifies() {
        let hasher = Hasher::start().unwrap();
        let stored = hasher.hash([1; 32]).await.unwrap();
        assert!(stored.starts_with(PREFIX), "{stored}");
        assert!(hasher.verify([1; 32], Some(stored.clone())).await.unwrap());
        assert!(!hasher.verify([2; 32], Some(stored)).await.unwrap());
        assert!(!hasher.verify([1; 32], None).await.unwrap());
        assert!(!hasher.verify([1; 32], Some("garbage".to_owned())).await.unwrap());
    }

    #[tokio::test]
    async fn full_queue_answers_busy() {
        let hasher = Hasher::start().unwrap();
        let many = (0..QUEUE * 3).map(|_| hasher.verify([1; 32], None));
        let results = futures::future::join_all(many).await;
        assert!(results.iter().any(|result| matches!(result, Err(Error::Reason(ErrorReason::Busy)))));
        assert!(results.iter().any(Result::is_ok));
    }
}
