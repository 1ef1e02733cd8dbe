use messaging::Messaging;
use testkit::{InProcess, Matrix, caller};

use crate::support::providers;

#[tokio::test]
async fn every_method_answers_only_whom_its_rule_allows() {
    let process = InProcess::start::<Messaging>(providers(25, 80, std::path::PathBuf::new())).await;
    let matrix = Matrix::new(&process, "messaging", caller::organisation(1), caller::client(1));
    assert_eq!(matrix.faults().await, Vec::<String>::new());
}
