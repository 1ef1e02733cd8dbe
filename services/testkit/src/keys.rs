//! The key files of a whole deployment, in a folder of the test's own.

use chassis::keys::KeySettings;
use tempfile::TempDir;

/// Keys that vanish with the test.
pub struct Keys {
    _folder: TempDir,
    /// Where they are.
    pub settings: KeySettings,
}

impl Keys {
    /// Fresh keys for everybody.
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
