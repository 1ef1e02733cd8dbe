//! Writes the Rust enum `Reason`. The enum has one variant for each package with an `ErrorReason`, and gives
//! each reason its name on the wire and its kind, both from the contract.

use std::{error::Error, fmt::Write as _};

use prost_reflect::{DescriptorPool, EnumDescriptor};

/// The prefix that buf requires of every enum value. The name on the wire leaves it out.
const PREFIX: &str = "ERROR_REASON_";

/// The Rust source of the enum.
///
/// # Errors
/// Where a reason has no kind or a wrong name.
pub fn generate(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let kind = pool.get_extension_by_name("zorgportaal.access.v1.kind").ok_or("option `kind` is missing")?;
    let mut enums: Vec<EnumDescriptor> = pool.all_enums().filter(|it| it.name() == "ErrorReason").collect();
    enums.sort_by_key(|it| it.full_name().to_owned());
    let (mut variants, mut conversions) = (String::new(), String::new());
    let [mut domains, mut names, mut kinds, mut lookups, mut all] = [const { String::new() }; 5];
    for reasons in enums {
        let domain = reasons.package_name();
        let service = domain.split('.').nth(1).ok_or("a package name without a service")?;
        let variant = camel(service);
        let path = format!("{service}::v1::ErrorReason");
        writeln!(variants, "    /// A reason of `{domain}`.\n    {variant}({path}),")?;
        writeln!(domains, "            Self::{variant}(_) => {domain:?},")?;
        for value in reasons.values() {
            let short = value.name().strip_prefix(PREFIX).ok_or("a reason without ERROR_REASON_")?;
            let rust = format!("{path}::{}", camel(&short.to_lowercase()));
            let options = value.options();
            let number = options.get_extension(&kind).as_enum_number().unwrap_or_default();
            let kind_value =
                kind.kind().as_enum().and_then(|kinds| kinds.get_value(number)).ok_or("unknown kind")?;
            let kind_name = kind_value.name().trim_start_matches("ERROR_KIND_").to_lowercase();
            if (number == 0) != (value.number() == 0) {
                return Err(format!("{}: needs a kind (value 0: must have none)", value.full_name()).into());
            }
            writeln!(names, "            Self::{variant}({rust}) => {short:?},")?;
            writeln!(
                kinds,
                "            Self::{variant}({rust}) => access::v1::ErrorKind::{},",
                camel(&kind_name)
            )?;
            if value.number() != 0 {
                writeln!(lookups, "            ({domain:?}, {short:?}) => Some(Self::{variant}({rust})),")?;
                writeln!(all, "        Self::{variant}({rust}),")?;
            }
        }
        writeln!(
            conversions,
            "impl From<{path}> for Reason {{ fn from(reason: {path}) -> Self {{ Self::{variant}(reason) }} }}"
        )?;
        if ["FIELD_MISSING", "FIELD_TOO_LONG", "FIELD_MALFORMED"]
            .iter()
            .all(|name| reasons.get_value_by_name(&format!("{PREFIX}{name}")).is_some())
        {
            writeln!(
                conversions,
                "impl FieldReason for {path} {{ const MISSING: Self = Self::FieldMissing; \
                 const TOO_LONG: Self = Self::FieldTooLong; const MALFORMED: Self = Self::FieldMalformed; }}"
            )?;
        }
    }
    Ok(format!(
        "/// Why a call failed: a value of the `ErrorReason` of one package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {{
{variants}}}

impl Reason {{
    /// All reasons, package by package.
    pub const ALL: &[Self] = &[
{all}    ];

    /// The package of the reason, such as `zorgportaal.identity.v1`: `google.rpc.ErrorInfo.domain`.
    #[must_use]
    pub const fn domain(self) -> &'static str {{
        match self {{
{domains}        }}
    }}

    /// The name of the reason on the wire, such as `LOGIN_REFUSED`: `google.rpc.ErrorInfo.reason`.
    #[must_use]
    pub const fn name(self) -> &'static str {{
        match self {{
{names}        }}
    }}

    /// The kind that the contract gives the reason.
    #[must_use]
    pub const fn kind(self) -> access::v1::ErrorKind {{
        match self {{
{kinds}        }}
    }}

    /// The reason with this package and name; `None` where this version of the contract has no such reason.
    #[must_use]
    pub fn parse(domain: &str, name: &str) -> Option<Self> {{
        match (domain, name) {{
{lookups}            _ => None,
        }}
    }}
}}

{conversions}"
    ))
}

/// `care_plan` as `CarePlan`.
fn camel(name: &str) -> String {
    let mut words = name.split('_').map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
            .unwrap_or_default()
    });
    words.by_ref().collect()
}
