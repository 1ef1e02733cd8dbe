//! Argon2id on separate threads: one per core, at a lower priority than the threads that serve requests. Each
//! thread reuses one block of memory and wipes the block before it waits. Those who ask take turns in the queue; without
//! a place in the queue the answer is "busy".

use std::{sync::Arc, thread, time::Duration};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, PasswordHash, Salt},
};
use tokio::sync::oneshot;
use zeroize::Zeroize;

use proto::identity::v1::ErrorReason;

use super::queue::{self, FairQueue, NoPlace};
use crate::error::Error;

/// The Unix nice value of the hashing threads: below the threads that serve requests, and enough that people can log in
/// while pages take all they can.
const NICENESS: i32 = 10;

/// How a hash with the parameters of new hashes begins.
pub(super) const PREFIX: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// Work for the hashing threads.
pub enum Job {
    /// To hash an input.
    Hash {
        /// The input.
        input: [u8; 32],
        /// Gets the hash in PHC form.
        done: oneshot::Sender<Option<String>>,
    },
    /// To compare an input with a hash.
    Verify {
        /// The input.
        input: [u8; 32],
        /// The hash in PHC form.
        stored: Option<String>,
        /// Gets whether they match.
        done: oneshot::Sender<bool>,
    },
}

impl Job {
    fn is_abandoned(&self) -> bool {
        match self {
            Self::Hash { done, .. } => done.is_closed(),
            Self::Verify { done, .. } => done.is_closed(),
        }
    }
}

/// A place in the queue before the hashing threads.
pub type Place = queue::Place<Job>;

/// A handle to the hashing threads. Cheap to clone; the threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Hasher(Arc<Threads>);

struct Threads(Arc<FairQueue<Job>>);

impl Drop for Threads {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Hasher {
    /// Starts the threads.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start() -> std::io::Result<Self> {
        let queue = FairQueue::new();
        let cores = thread::available_parallelism().map_or(2, usize::from);
        for number in 0..cores {
            let queue = Arc::clone(&queue);
            thread::Builder::new().name(format!("argon2-{number}")).spawn(move || work(&queue))?;
        }
        Ok(Self(Arc::new(Threads(queue))))
    }

    /// Takes a place in the queue for an asker, such as an address.
    ///
    /// # Errors
    /// [`ErrorReason::TooManyTries`] if the asker has all its places; [`ErrorReason::Busy`] if the queue is full.
    pub fn take_place(&self, asker: &str) -> Result<Place, Error> {
        self.0.0.take_place(asker).map_err(|refused| match refused {
            NoPlace::ForAsker => Error::Wait(ErrorReason::TooManyTries, Duration::from_secs(1)),
            NoPlace::ForAnybody => ErrorReason::Busy.into(),
        })
    }
}

/// The hash of an input, in PHC form.
///
/// # Errors
/// [`ErrorReason::Busy`] if the threads have ended.
pub async fn hash(place: &Place, input: [u8; 32]) -> Result<String, Error> {
    let (done, hashed) = oneshot::channel();
    place.add(Job::Hash { input, done });
    hashed.await.ok().flatten().ok_or_else(|| ErrorReason::Busy.into())
}

/// Whether the input matches the stored hash. Without a stored hash the work is the same, the answer no.
///
/// # Errors
/// [`ErrorReason::Busy`] if the threads have ended.
pub async fn verify(place: &Place, input: [u8; 32], stored: Option<String>) -> Result<bool, Error> {
    let (done, verified) = oneshot::channel();
    place.add(Job::Verify { input, stored, done });
    verified.await.map_err(|_| Error::from(ErrorReason::Busy))
}

fn work(queue: &FairQueue<Job>) {
    // On Linux this sets the priority of this thread only. If it fails, hashing runs at normal priority.
    let _ = rustix::process::setpriority_process(None, NICENESS);
    // Allocated at the first hash, so that an idle process does not hold 19 MiB per thread.
    let mut memory = Vec::new();
    loop {
        // The next job overwrites the memory of the last. If no job is queued, wipe it before waiting.
        let (place, job) = if let Some(job) = queue.try_next() {
            job
        } else {
            memory.iter_mut().for_each(Zeroize::zeroize);
            let Some(job) = queue.wait_for_next() else { return };
            job
        };
        // Nobody waits for the job of a caller who has gone.
        if job.is_abandoned() {
            continue;
        }
        memory.resize(Params::DEFAULT.block_count(), Block::default());
        // Tests count this line: every login costs exactly one hash.
        tracing::debug!("argon2");
        match job {
            Job::Hash { input, done } => {
                let _ = done.send(hash_with(&input, &mut memory));
            }
            Job::Verify { input, stored, done } => {
                let _ = done.send(verify_with(&input, stored.as_deref(), &mut memory));
            }
        }
        drop(place);
    }
}

fn hash_with(input: &[u8; 32], memory: &mut [Block]) -> Option<String> {
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

fn verify_with(input: &[u8; 32], stored: Option<&str>, memory: &mut [Block]) -> bool {
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
        let place = hasher.take_place("somebody").unwrap();
        let stored = hash(&place, [1; 32]).await.unwrap();
        assert!(stored.starts_with(PREFIX), "{stored}");
        assert!(verify(&place, [1; 32], Some(stored.clone())).await.unwrap());
        assert!(!verify(&place, [2; 32], Some(stored)).await.unwrap());
        assert!(!verify(&place, [1; 32], None).await.unwrap());
        assert!(!verify(&place, [1; 32], Some("garbage".to_owned())).await.unwrap());
    }
}
