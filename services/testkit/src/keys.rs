//! The key files of a whole deployment, in a folder of the test's own.

use chassis::keys::KeySettings;
use tempfile::TempDir;

/// Key files that are deleted when the keys are dropped.
pub struct Keys {
    _folder: TempDir,
    /// The folders of the key files.
    pub settings: KeySettings,
}

impl Keys {
    /// Generates keys for the gateway and for every service.
    #[must_use]
    pub fn generate() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings =
            KeySettings { public: folder.path().join("public"), private: folder.path().join("private") };
        for name in proto::SERVICES.iter().chain(&["gateway"]) {
            settings.generate(name).unwrap();
        }
        Self { _folder: folder, settings }
    }
}
