//! All rows as a Parquet file.

#![forbid(unsafe_code)]

use std::io::Write;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, StringBuilder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::csv::source;
use super::other_form;
use crate::error::{AuditError, Result};
use crate::rows::{Row, Rows};
use crate::tally::Band;

/// Rows that are handed over at a time.
const BATCH: usize = 8192;
/// Rows of a row group, which is held in memory until it is complete.
const ROW_GROUP: usize = 1 << 17;

/// Writes all rows in the order of the input. Cells that are not known are null. Unlike in CSV, names are as they are.
///
/// # Errors
/// [`AuditError::Parquet`] when `output` takes no more, [`AuditError::System`] when the rows cannot be read back.
pub fn write_parquet(rows: &Rows, output: impl Write + Send) -> Result<()> {
    let schema = schema();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .build();
    let mut writer = ArrowWriter::try_new(output, Arc::clone(&schema), Some(properties)).map_err(failed)?;
    let mut columns = Columns::default();
    rows.for_each(|row| {
        columns.push(&row);
        if columns.rows < BATCH {
            return Ok(());
        }
        writer.write(&columns.take(&schema)?).map_err(failed)
    })?;
    writer.write(&columns.take(&schema)?).map_err(failed)?;
    writer.close().map_err(failed).map(drop)
}

fn schema() -> SchemaRef {
    let field = |name: &str, data_type, nullable| Field::new(name, data_type, nullable);
    Arc::new(Schema::new(vec![
        field("number", DataType::UInt64, false),
        field("account", DataType::Utf8, true),
        field("account_kind", DataType::Utf8, false),
        field("exposed", DataType::Boolean, true),
        field("count", DataType::UInt64, true),
        field("band", DataType::Utf8, true),
        field("source", DataType::Utf8, true),
        field("shared_by", DataType::UInt64, false),
        field("disabled", DataType::Boolean, false),
        field("lm_hash", DataType::Boolean, false),
        field("form", DataType::Utf8, true),
        field("partial", DataType::Boolean, false),
        field("empty", DataType::Boolean, false),
        field("own_name", DataType::Boolean, false),
        field("group", DataType::UInt64, true),
        field("policy", DataType::Utf8, true),
        field("file", DataType::Utf8, false),
    ]))
}

#[derive(Default)]
struct Columns {
    rows: usize,
    number: UInt64Builder,
    account: StringBuilder,
    account_kind: StringBuilder,
    exposed: BooleanBuilder,
    count: UInt64Builder,
    band: StringBuilder,
    source: StringBuilder,
    shared_by: UInt64Builder,
    disabled: BooleanBuilder,
    lm_hash: BooleanBuilder,
    form: StringBuilder,
    partial: BooleanBuilder,
    empty: BooleanBuilder,
    own_name: BooleanBuilder,
    group: UInt64Builder,
    policy: StringBuilder,
    file: StringBuilder,
}

impl Columns {
    fn push(&mut self, row: &Row<'_>) {
        self.rows += 1;
        self.number.append_value(row.number);
        self.account.append_option((!row.account.is_empty()).then_some(row.account));
        self.account_kind.append_value(row.account_kind.name());
        self.exposed.append_option(row.exposed);
        self.count.append_option(row.exposed.and(row.count));
        self.band.append_option((row.exposed == Some(true)).then(|| Band::of(row.count).name()));
        self.source.append_option(source(row));
        self.shared_by.append_value(row.shared_by);
        self.disabled.append_value(row.is_disabled);
        self.lm_hash.append_value(row.has_lm);
        self.form.append_option(other_form(row.form, row.exposed == Some(true)));
        self.partial.append_value(row.is_partial);
        self.empty.append_value(row.is_empty);
        self.own_name.append_value(row.is_own_name);
        self.group.append_option(row.group);
        self.policy.append_option((!row.violations.is_empty()).then(|| row.violations.names()));
        self.file.append_value(row.input);
    }

    fn take(&mut self, schema: &SchemaRef) -> Result<RecordBatch> {
        self.rows = 0;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.number.finish()),
            Arc::new(self.account.finish()),
            Arc::new(self.account_kind.finish()),
            Arc::new(self.exposed.finish()),
            Arc::new(self.count.finish()),
            Arc::new(self.band.finish()),
            Arc::new(self.source.finish()),
            Arc::new(self.shared_by.finish()),
            Arc::new(self.disabled.finish()),
            Arc::new(self.lm_hash.finish()),
            Arc::new(self.form.finish()),
            Arc::new(self.partial.finish()),
            Arc::new(self.empty.finish()),
            Arc::new(self.own_name.finish()),
            Arc::new(self.group.finish()),
            Arc::new(self.policy.finish()),
            Arc::new(self.file.finish()),
        ];
        RecordBatch::try_new(Arc::clone(schema), columns)
            .map_err(|error| AuditError::Parquet(error.to_string()))
    }
}

fn failed(error: parquet::errors::ParquetError) -> AuditError {
    AuditError::Parquet(error.to_string())
}
