//! The tables of an organisation's settings file, and their conversion to `OrganisationSettings`.

use std::collections::{BTreeMap, HashMap};

use chassis::section;
use proto::{
    access::v1::Level,
    identity::v1::{
        AccountSettings, Contact, InviteBy, LoginSettings, OrganisationSettings, PasswordSettings, ResetKind,
        SecondFactor, SectionLevel, SessionSettings, Terms, Theme, UsernamePolicy,
    },
};
use serde::Deserialize;

use super::menu::{MenuTable, StartTable};
use crate::factor::{self, Medium};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub key: String,
    pub name: String,
    pub product_name: String,
    pub hosts: Vec<String>,
    #[serde(default = "default_language")]
    pub language: String,
    pub base_url: String,
    pub sender_address: String,
    pub contact: ContactTable,
    pub theme: ThemeTable,
    pub login: LoginTable,
    #[serde(default)]
    pub password: PasswordTable,
    #[serde(default)]
    pub session: SessionTable,
    #[serde(default)]
    pub accounts: AccountsTable,
    #[serde(default)]
    pub terms: Vec<TermsTable>,
    #[serde(default)]
    pub levels: BTreeMap<String, LevelName>,
    #[serde(default)]
    pub labels: HashMap<String, String>,
    #[serde(default)]
    pub menu: MenuTable,
    #[serde(default)]
    pub start: StartTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactTable {
    pub phone: String,
    pub email: String,
    pub hours: String,
    pub care_questions: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThemeTable {
    pub primary: String,
    pub primary_dark: String,
    pub tint: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginTable {
    second_factor: FactorName,
    #[serde(default = "default_code_life_minutes")]
    pub code_life_minutes: i32,
    #[serde(default)]
    username_policy: PolicyName,
    #[serde(default)]
    pub shown_digits: i32,
    #[serde(default)]
    pub ask_code: bool,
    #[serde(default)]
    pub ask_number: bool,
    #[serde(default = "default_device_life_days")]
    pub device_life_days: i32,
}

impl LoginTable {
    /// How login codes are sent.
    pub const fn medium(&self) -> Medium {
        factor::from_setting(self.second_factor.to_proto()).medium
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FactorName {
    EmailEach,
    SmsEach,
    SmsNewDevice,
}

impl FactorName {
    const fn to_proto(self) -> SecondFactor {
        match self {
            Self::EmailEach => SecondFactor::EmailEach,
            Self::SmsEach => SecondFactor::SmsEach,
            Self::SmsNewDevice => SecondFactor::SmsNewDevice,
        }
    }
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PolicyName {
    #[default]
    Email,
    Assigned,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordTable {
    pub min_length: i32,
    pub welcome_life_days: i32,
    mixed: bool,
    pub life_days: i32,
    reset: ResetName,
    pub reset_life_minutes: i32,
    reset_asks_email: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ResetName {
    TemporaryPassword,
    Link,
}

impl Default for PasswordTable {
    fn default() -> Self {
        Self {
            min_length: 10,
            welcome_life_days: 14,
            mixed: false,
            life_days: 0,
            reset: ResetName::TemporaryPassword,
            reset_life_minutes: 240,
            reset_asks_email: false,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionTable {
    pub idle_minutes: i32,
    pub absolute_hours: i32,
    confirm_logout: bool,
}

impl Default for SessionTable {
    fn default() -> Self {
        Self { idle_minutes: 30, absolute_hours: 12, confirm_logout: false }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountsTable {
    invite_by: InviteName,
    pub max_accounts: i32,
    pub extra_accounts: i32,
    pub invitation_life_days: i32,
    pub days_after_care: i32,
    pub days_without_access: i32,
    self_edit: bool,
    history_from_access: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum InviteName {
    Staff,
    Both,
}

impl Default for AccountsTable {
    fn default() -> Self {
        Self {
            invite_by: InviteName::Staff,
            max_accounts: 0,
            extra_accounts: 0,
            invitation_life_days: 14,
            days_after_care: 42,
            days_without_access: 365,
            self_edit: false,
            history_from_access: false,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsTable {
    pub entity: String,
    pub title: String,
    pub version: i32,
    pub text_nl: String,
    pub text_en: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelName {
    Low,
    Substantial,
    High,
}

fn default_language() -> String {
    "nl".to_owned()
}

const fn default_code_life_minutes() -> i32 {
    5
}

const fn default_device_life_days() -> i32 {
    90
}

impl From<File> for OrganisationSettings {
    fn from(file: File) -> Self {
        Self {
            key: file.key,
            name: file.name,
            product_name: file.product_name,
            hosts: file.hosts,
            language: file.language,
            base_url: file.base_url,
            sender_address: file.sender_address,
            contact: Some(Contact {
                phone: file.contact.phone,
                email: file.contact.email,
                hours: file.contact.hours,
                care_questions: file.contact.care_questions,
            }),
            theme: Some(Theme {
                primary: file.theme.primary,
                primary_dark: file.theme.primary_dark,
                tint: file.theme.tint,
            }),
            login: Some(file.login.into()),
            password: Some(file.password.into()),
            session: Some(SessionSettings {
                idle_seconds: file.session.idle_minutes * 60,
                absolute_seconds: file.session.absolute_hours * 3600,
                confirm_logout: file.session.confirm_logout,
            }),
            accounts: Some(file.accounts.into()),
            terms: file.terms.into_iter().map(Terms::from).collect(),
            levels: file.levels.into_iter().filter_map(level).collect(),
            labels: file.labels,
            menu: Some(file.menu.into()),
            start: Some(file.start.into()),
        }
    }
}

impl From<LoginTable> for LoginSettings {
    fn from(table: LoginTable) -> Self {
        let username_policy = match table.username_policy {
            PolicyName::Email => UsernamePolicy::Email,
            PolicyName::Assigned => UsernamePolicy::Assigned,
        };
        Self {
            second_factor: table.second_factor.to_proto().into(),
            code_life_seconds: table.code_life_minutes * 60,
            username_policy: username_policy.into(),
            shown_digits: table.shown_digits,
            ask_code: table.ask_code,
            ask_number: table.ask_number,
            device_life_days: table.device_life_days,
        }
    }
}

impl From<PasswordTable> for PasswordSettings {
    fn from(table: PasswordTable) -> Self {
        let reset = match table.reset {
            ResetName::TemporaryPassword => ResetKind::TemporaryPassword,
            ResetName::Link => ResetKind::Link,
        };
        Self {
            min_length: table.min_length,
            welcome_life_days: table.welcome_life_days,
            mixed: table.mixed,
            life_days: table.life_days,
            reset: reset.into(),
            reset_life_minutes: table.reset_life_minutes,
            reset_asks_email: table.reset_asks_email,
        }
    }
}

impl From<AccountsTable> for AccountSettings {
    fn from(table: AccountsTable) -> Self {
        let invite_by = match table.invite_by {
            InviteName::Staff => InviteBy::Staff,
            InviteName::Both => InviteBy::Both,
        };
        Self {
            invite_by: invite_by.into(),
            max_accounts: table.max_accounts,
            extra_accounts: table.extra_accounts,
            invitation_life_days: table.invitation_life_days,
            days_after_care: table.days_after_care,
            days_without_access: table.days_without_access,
            self_edit: table.self_edit,
            history_from_access: table.history_from_access,
        }
    }
}

impl From<TermsTable> for Terms {
    fn from(table: TermsTable) -> Self {
        Self {
            entity: table.entity,
            title: table.title,
            version: table.version,
            text_nl: table.text_nl,
            text_en: table.text_en,
        }
    }
}

fn level((section, level): (String, LevelName)) -> Option<SectionLevel> {
    let level = match level {
        LevelName::Low => Level::Low,
        LevelName::Substantial => Level::Substantial,
        LevelName::High => Level::High,
    };
    Some(SectionLevel { section: section::of_name(&section)?.into(), level: level.into() })
}
