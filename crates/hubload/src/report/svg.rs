use std::path::Path;

use super::Report;

pub(crate) fn write(_report: &Report<'_>, _path: &Path) -> Result<(), String> {
    Ok(())
}
