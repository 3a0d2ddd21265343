use std::error::Error;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use rcgen::{KeyPair, PublicKeyData};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tempfile::NamedTempFile;
use time::{Duration, OffsetDateTime};

use super::fields::Fields;
use super::{AUTHORITY, Identity, ONE_YEAR, authority};

/// A folder that keeps a certificate authority from one run to the next, so that trusting it once
/// is enough.
///
/// The key is made once and never replaced; the certificate can be made anew from it at any time.
/// So emulators that start at the same moment agree without a lock, and one that is killed midway
/// leaves nothing that the next one cannot finish.
pub(in crate::server) struct CertificateFolder(PathBuf);

impl CertificateFolder {
    pub(in crate::server) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// What a client is told to trust.
    pub(in crate::server) fn ca_file(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    fn key_file(&self) -> PathBuf {
        self.0.join("ca-key.pem")
    }

    /// A certificate for this run, of the authority that is kept here: made at the first run, made
    /// anew with the same key when it is about to end.
    pub(in crate::server) fn identity(&self) -> Result<Identity, FolderError> {
        self.create()?;
        let key = match read(&self.key_file())? {
            Some(pem) => self.key(&pem)?,
            None => self.new_key()?,
        };
        let authority_pem = match read(&self.ca_file())? {
            Some(pem) if !self.ends_soon(&pem, &key)? => pem,
            _ => self.new_authority(&key)?,
        };
        Identity::signed_by(&key, authority_pem)
            .map_err(|error| FolderError::new("cannot make a certificate", &self.0, error))
    }

    fn create(&self) -> Result<(), FolderError> {
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder
            .create(&self.0)
            .map_err(|error| FolderError::new("cannot create the folder", &self.0, error))
    }

    fn key(&self, pem: &str) -> Result<KeyPair, FolderError> {
        KeyPair::from_pem(pem).map_err(|_| self.unusable(&self.key_file(), "is no private key"))
    }

    fn new_key(&self) -> Result<KeyPair, FolderError> {
        let file = self.key_file();
        if self.ca_file().exists() {
            return Err(self.unusable(&self.ca_file(), "has no key beside it"));
        }
        let key = KeyPair::generate()
            .map_err(|error| FolderError::new("cannot make a key", &file, error))?;
        let written = self
            .write(&key.serialize_pem(), 0o600)
            .and_then(|temporary| Ok(temporary.persist_noclobber(&file)?));
        match written {
            Ok(_) => Ok(key),
            // Another emulator was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.key(&read(&file)?.unwrap_or_default())
            }
            Err(error) => Err(cannot_write(&file, error)),
        }
    }

    fn new_authority(&self, key: &KeyPair) -> Result<String, FolderError> {
        let file = self.ca_file();
        let authority = authority(TEN_YEARS).and_then(|params| params.self_signed(key));
        let pem = authority
            .map_err(|error| FolderError::new("cannot make an authority", &file, error))?
            .pem();
        self.write(&pem, 0o644)
            .and_then(|temporary| Ok(temporary.persist(&file)?))
            .map_err(|error| cannot_write(&file, error))?;
        Ok(pem)
    }

    /// A file in this folder with the mode that it shall keep, to be renamed.
    fn write(&self, text: &str, mode: u32) -> io::Result<NamedTempFile> {
        let mut file = tempfile::Builder::new();
        #[cfg(unix)]
        let permissions: fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
        #[cfg(unix)]
        file.permissions(permissions);
        let mut file = file.tempfile_in(&self.0)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        Ok(file)
    }

    /// Whether the authority's certificate ends before one that it signs now.
    ///
    /// # Errors
    ///
    /// If it is not the certificate of the emulator's authority with this key.
    fn ends_soon(&self, pem: &str, key: &KeyPair) -> Result<bool, FolderError> {
        let unusable = |why| Err(self.unusable(&self.ca_file(), why));
        let Some(fields) = fields(pem) else {
            return unusable("is no certificate");
        };
        if fields.subject != [[AUTHORITY]] {
            return unusable("is not from the emulator");
        }
        if fields.public_key != key.subject_public_key_info() {
            return unusable("does not belong to the key beside it");
        }
        Ok(fields.not_after < OffsetDateTime::now_utc() + ONE_YEAR)
    }

    fn unusable(&self, file: &Path, why: &str) -> FolderError {
        FolderError {
            text: format!(
                "{} {why}: delete both ca.pem and ca-key.pem there, or choose another folder",
                file.display()
            ),
            source: None,
        }
    }
}

const TEN_YEARS: Duration = Duration::days(3653);

fn fields(pem: &str) -> Option<Fields> {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    Fields::from_der(&certificate).ok()
}

fn read(file: &Path) -> Result<Option<String>, FolderError> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        // What is no text is no PEM; the caller says so.
        Err(error) if error.kind() == ErrorKind::InvalidData => Ok(Some(String::new())),
        Err(error) => Err(FolderError::new("cannot read", file, error)),
    }
}

fn cannot_write(file: &Path, error: io::Error) -> FolderError {
    FolderError::new("cannot write", file, error)
}

/// Why a folder gives no certificate, and what to do about it.
#[derive(Debug)]
pub(in crate::server) struct FolderError {
    text: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl FolderError {
    fn new(what: &str, path: &Path, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            text: format!("{what} {}", path.display()),
            source: Some(source.into()),
        }
    }
}

impl std::fmt::Display for FolderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for FolderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn folder() -> (tempfile::TempDir, CertificateFolder) {
        let parent = tempfile::tempdir().unwrap();
        let folder = CertificateFolder::new(parent.path().join("a/b"));
        (parent, folder)
    }

    fn refusal(folder: &CertificateFolder) -> String {
        let error = folder.identity().err().unwrap();
        let said = error.to_string();
        assert!(said.contains("delete both"), "{said}");
        said
    }

    #[test]
    fn a_second_run_shows_the_same_authority_and_another_certificate() {
        let (_parent, folder) = folder();
        let one = folder.identity().unwrap();
        let other = folder.identity().unwrap();
        assert_eq!(one.authority_pem, other.authority_pem);
        assert_ne!(one.certificate, other.certificate);
        assert_eq!(
            fs::read_to_string(folder.ca_file()).unwrap(),
            one.authority_pem
        );
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_the_key() {
        use std::os::unix::fs::PermissionsExt;

        let (_parent, folder) = folder();
        folder.identity().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.key_file()), 0o600);
        assert_eq!(mode(&folder.0), 0o700);
    }

    #[test]
    fn emulators_that_start_at_once_agree_on_one_key() {
        let (_parent, folder) = folder();
        let start = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    folder.identity().unwrap();
                });
            }
        });
        // Whichever certificate was written last, it belongs to the key that was written first.
        folder.identity().unwrap();
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2);
    }

    #[test]
    fn an_authority_that_is_about_to_end_is_made_anew_with_its_key() {
        let (_parent, folder) = folder();
        folder.identity().unwrap();
        let key = fs::read_to_string(folder.key_file()).unwrap();
        for lifetime in [Duration::days(-1), Duration::days(300)] {
            let ending = authority(lifetime).unwrap();
            let ending = ending.self_signed(&folder.key(&key).unwrap()).unwrap();
            fs::write(folder.ca_file(), ending.pem()).unwrap();
            assert_ne!(folder.identity().unwrap().authority_pem, ending.pem());
        }
        assert_eq!(fs::read_to_string(folder.key_file()).unwrap(), key);
    }

    #[test]
    fn a_run_that_was_killed_before_it_wrote_the_certificate_is_finished() {
        let (_parent, folder) = folder();
        folder.identity().unwrap();
        fs::remove_file(folder.ca_file()).unwrap();
        folder.identity().unwrap();
        assert!(folder.ca_file().exists());
    }

    #[test]
    fn files_that_are_cut_off_or_binary_are_refused_and_kept() {
        let (_parent, folder) = folder();
        folder.identity().unwrap();
        for file in [folder.ca_file(), folder.key_file()] {
            let whole = fs::read(&file).unwrap();
            for broken in [&whole[..whole.len() / 2], b"", b"\xff\x00"] {
                fs::write(&file, broken).unwrap();
                assert!(refusal(&folder).contains(&*file.to_string_lossy()));
                assert_eq!(fs::read(&file).unwrap(), broken);
            }
            fs::write(&file, whole).unwrap();
        }
        folder.identity().unwrap();
    }

    #[test]
    fn a_certificate_without_its_key_is_refused_and_kept() {
        let (_parent, folder) = folder();
        folder.identity().unwrap();
        fs::remove_file(folder.key_file()).unwrap();
        assert!(refusal(&folder).contains("has no key"));
        assert!(folder.ca_file().exists());
    }

    #[test]
    fn a_certificate_of_another_key_or_another_maker_is_refused() {
        let (_parent, folder) = folder();
        folder.identity().unwrap();
        let another_key = Identity::of_this_run().unwrap().authority_pem;
        fs::write(folder.ca_file(), another_key).unwrap();
        assert!(refusal(&folder).contains("does not belong"));

        let key = fs::read_to_string(folder.key_file()).unwrap();
        let another_maker = super::super::named("Corporate root", &[], TEN_YEARS).unwrap();
        let another_maker = another_maker.self_signed(&folder.key(&key).unwrap());
        fs::write(folder.ca_file(), another_maker.unwrap().pem()).unwrap();
        assert!(refusal(&folder).contains("not from the emulator"));
    }

    #[test]
    fn a_file_where_the_folder_should_be_is_named() {
        let file = NamedTempFile::new().unwrap();
        let folder = CertificateFolder::new(file.path().to_owned());
        let error = folder.identity().err().unwrap().to_string();
        assert!(error.contains(&*file.path().to_string_lossy()), "{error}");
    }
}
