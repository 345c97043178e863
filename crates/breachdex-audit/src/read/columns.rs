//! A column of a Parquet or Arrow file, batch by batch; `root.field` is a column within a struct.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{BufReader, Read};
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ArrayRef, LargeBinaryArray, LargeStringArray, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, Fields, Schema};
use breachdex::{Digest, Kind};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::ReadOptions;
use super::input::Opened;
use super::json::refusal;
use crate::account::{Record, Secret, Sink};
use crate::error::{AuditError, Result};
use crate::formats::{Format, Request};

/// Rows that are read at a time.
const BATCH: usize = 8192;
/// An Arrow file begins so; a stream does not.
const FILE_MAGIC: &[u8] = b"ARROW1";

pub(crate) fn read_parquet(input: Opened<'_>, request: &Request<'_>, sink: &mut dyn Sink) -> Result<()> {
    let Request { options, kind, .. } = *request;
    let refused = refusal(&input.name, Format::Parquet);
    let Some(path) = &input.path else {
        let reason =
            "it is a stream or compressed as a whole, and Parquet is read from its end; name the file itself";
        return Err(refused(String::from(reason)));
    };
    let file = File::open(path).map_err(Opened::failed(&input.name))?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| refused(error.to_string()))?;
    let roots = Columns::find(&input.name, builder.schema(), options)?.roots();
    let total = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let batches = builder.with_projection(mask).with_batch_size(BATCH).build();
    let batches = batches.map_err(|error| refused(error.to_string()))?;
    let columns = Columns::find(&input.name, &arrow_array::RecordBatchReader::schema(&batches), options)?;
    let mut rows = 0;
    for batch in batches {
        let batch = batch.map_err(|error| refused(error.to_string()))?;
        columns.tell(&batch, rows, kind, options.digests, sink)?;
        rows += batch.num_rows() as u64;
        if let Some(bytes) = input.meter.total {
            let done = u128::from(bytes) * u128::from(rows) / u128::from(total.max(1));
            input.meter.done.set(u64::try_from(done).unwrap_or(bytes).min(bytes));
        }
    }
    Ok(())
}

pub(crate) fn read_arrow(input: Opened<'_>, request: &Request<'_>, sink: &mut dyn Sink) -> Result<()> {
    let Request { options, kind, .. } = *request;
    let failed = Opened::failed(&input.name);
    let mut reader = input.reader;
    let mut start = Vec::new();
    reader.by_ref().take(FILE_MAGIC.len() as u64).read_to_end(&mut start).map_err(&failed)?;
    let refused = refusal(&input.name, Format::Arrow);
    match &input.path {
        Some(path) if start == FILE_MAGIC => {
            let file = File::open(path).map_err(&failed)?;
            let batches = FileReader::try_new(BufReader::new(file), None);
            let batches = batches.map_err(|error| refused(error.to_string()))?;
            let columns = Columns::find(&input.name, &batches.schema(), options)?;
            each(batches, &columns, &refused, kind, options.digests, sink)
        }
        None if start == FILE_MAGIC => {
            let reason = "it is Arrow's file format, not its stream; name the file itself";
            Err(refused(String::from(reason)))
        }
        _ => {
            let whole = std::io::Cursor::new(start).chain(reader);
            let batches = StreamReader::try_new(BufReader::new(whole), None);
            let batches = batches.map_err(|error| refused(error.to_string()))?;
            let columns = Columns::find(&input.name, &batches.schema(), options)?;
            each(batches, &columns, &refused, kind, options.digests, sink)
        }
    }
}

fn each(
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    columns: &Columns,
    refused: &dyn Fn(String) -> AuditError,
    kind: Kind,
    digests: bool,
    sink: &mut dyn Sink,
) -> Result<()> {
    let mut rows = 0;
    for batch in batches {
        let batch = batch.map_err(|error| refused(error.to_string()))?;
        columns.tell(&batch, rows, kind, digests, sink)?;
        rows += batch.num_rows() as u64;
    }
    Ok(())
}

/// Where in a batch a column is: its root, then the fields of structs, and how it is called.
struct Path {
    at: Vec<usize>,
    name: String,
}

impl Path {
    /// A column by its name, or `root.field.field` within structs. `None` where there is none, an error where two have the
    /// name.
    fn find(name: &str, fields: &Fields) -> Result<Option<Self>, ()> {
        let mut same = fields.iter().enumerate().filter(|(_, field)| field.name() == name);
        match (same.next(), same.next()) {
            (Some((at, _)), None) => return Ok(Some(Self { at: vec![at], name: name.to_owned() })),
            (Some(_), Some(_)) => return Err(()),
            (None, _) => {}
        }
        let nested = fields.iter().enumerate().filter_map(|(at, field)| match field.data_type() {
            DataType::Struct(inner) => {
                let rest = name.strip_prefix(field.name().as_str())?.strip_prefix('.')?;
                Some((at, Self::find(rest, inner)))
            }
            _ => None,
        });
        for (at, found) in nested {
            if let Some(found) = found? {
                let path = std::iter::once(at).chain(found.at).collect();
                return Ok(Some(Self { at: path, name: name.to_owned() }));
            }
        }
        Ok(None)
    }

    fn data_type<'a>(&self, fields: &'a Fields) -> &'a DataType {
        let mut found = fields[self.at[0]].data_type();
        for at in &self.at[1..] {
            if let DataType::Struct(inner) = found {
                found = inner[*at].data_type();
            }
        }
        found
    }

    /// The column of a batch. A value within a struct that is null is null.
    fn of(&self, batch: &RecordBatch) -> ArrayRef {
        let mut array = Arc::clone(batch.column(self.at[0]));
        for at in &self.at[1..] {
            let Some(outer) = array.as_struct_opt() else { break };
            let inner = Arc::clone(outer.column(*at));
            array = match outer.nulls() {
                Some(nulls) => {
                    let all = arrow_buffer::NullBuffer::union(Some(nulls), inner.logical_nulls().as_ref());
                    let data = inner.to_data().into_builder().nulls(all);
                    data.build().map_or(inner, arrow_array::make_array)
                }
                None => inner,
            };
        }
        array
    }
}

/// Where in a batch the things are.
struct Columns {
    name: String,
    secret: Path,
    user: Option<Path>,
}

impl Columns {
    fn find(name: &str, schema: &Schema, options: &ReadOptions) -> Result<Self> {
        let place = |column: &str| match Path::find(column, schema.fields()) {
            Ok(Some(path)) => Ok(path),
            Ok(None) => Err(AuditError::NoSuchColumn {
                name: name.to_owned(),
                column: column.to_owned(),
                found: schema.fields().len(),
                hint: hint(column, schema.fields()),
            }),
            Err(()) => Err(AuditError::ColumnTwice { name: name.to_owned(), column: column.to_owned() }),
        };
        let secret = place(options.column.as_deref().unwrap_or_default())?;
        let refused = |path: &Path| AuditError::ColumnType {
            name: name.to_owned(),
            column: path.name.clone(),
            found: path.data_type(schema.fields()).to_string(),
        };
        if target_of(secret.data_type(schema.fields())).is_none() {
            return Err(refused(&secret));
        }
        let user = options.user_column.as_deref().map(place).transpose()?;
        if let Some(user) = &user
            && !arrow_cast::can_cast_types(user.data_type(schema.fields()), &DataType::LargeUtf8)
        {
            return Err(refused(user));
        }
        Ok(Self { name: name.to_owned(), secret, user })
    }

    fn roots(&self) -> Vec<usize> {
        let mut roots = vec![self.secret.at[0]];
        roots.extend(self.user.iter().map(|path| path.at[0]));
        roots
    }

    /// Tells the sink every row of a batch whose first row is number `before` + 1.
    fn tell(
        &self,
        batch: &RecordBatch,
        before: u64,
        kind: Kind,
        digests: bool,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let cast = |path: &Path, to: &DataType| -> Result<ArrayRef> {
            let array = path.of(batch);
            arrow_cast::cast(&array, to).map_err(|_| AuditError::ColumnType {
                name: self.name.clone(),
                column: path.name.clone(),
                found: array.data_type().to_string(),
            })
        };
        let schema = batch.schema_ref();
        let target = target_of(self.secret.data_type(schema.fields())).unwrap_or(DataType::LargeBinary);
        let array = cast(&self.secret, &target)?;
        let secrets = match target {
            DataType::LargeUtf8 => Secrets::Text(array.as_string::<i64>()),
            _ => Secrets::Bytes(array.as_binary::<i64>()),
        };
        let users = self.user.as_ref().map(|user| cast(user, &DataType::LargeUtf8)).transpose()?;
        let users = users.as_ref().map(|users| users.as_string::<i64>());
        for row in 0..batch.num_rows() {
            let number = before + row as u64 + 1;
            let user = users.filter(|users| users.is_valid(row)).map_or("", |users| users.value(row));
            let Some(secret) = secrets.get(row) else {
                sink.record(Record::new(number, user, Secret::Absent))?;
                continue;
            };
            if !digests {
                sink.record(Record::with_password(number, user, secret))?;
                continue;
            }
            let digest = match &secrets {
                Secrets::Bytes(_) if secret.len() == kind.bytes() => {
                    Digest::from_bytes(kind, secret).map_err(|_| crate::LineFault::NotHex)
                }
                _ => super::digest(kind, secret.trim_ascii()),
            };
            match digest {
                Ok(digest) => sink.record(Record::new(number, user, Secret::of_digest(digest)))?,
                Err(fault) => sink.malformed(number, fault)?,
            }
        }
        Ok(())
    }
}

/// A column within a struct that has the name, as the end of a sentence.
fn hint(column: &str, fields: &Fields) -> String {
    let within = fields.iter().find_map(|field| match field.data_type() {
        DataType::Struct(inner) if inner.iter().any(|inner| inner.name() == column) => Some(field.name()),
        _ => None,
    });
    within.map(|root| format!("; there is {root}.{column}")).unwrap_or_default()
}

/// What a column of this type is read as; `None` where it can hold no passwords.
fn target_of(found: &DataType) -> Option<DataType> {
    match found {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(DataType::LargeUtf8),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            Some(DataType::LargeBinary)
        }
        DataType::Dictionary(_, values) => target_of(values),
        _ => None,
    }
}

/// A column of passwords or digests.
enum Secrets<'a> {
    Text(&'a LargeStringArray),
    Bytes(&'a LargeBinaryArray),
}

impl Secrets<'_> {
    fn get(&self, row: usize) -> Option<&[u8]> {
        match self {
            Self::Text(array) => array.is_valid(row).then(|| array.value(row).as_bytes()),
            Self::Bytes(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}
