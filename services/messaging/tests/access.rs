use messaging::Messaging;
use testkit::{InProcess, Matrix, caller};

use crate::support::providers;

#[tokio::test]
async fn every_method_lets_in_whom_its_rule_names_and_shows_others_nothing() {
    let process = InProcess::start::<Messaging>(providers(25, 80)).await;
    let matrix = Matrix::new(&process, "messaging", caller::organisation(1), caller::client(1));
    assert_eq!(matrix.faults().await, Vec::<String>::new());
}
