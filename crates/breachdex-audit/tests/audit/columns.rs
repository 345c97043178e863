//! Parquet and Arrow, in and out.

#![forbid(unsafe_code)]

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int32Type, UInt64Type};
use arrow_array::{
    Array as _, ArrayRef, BinaryArray, DictionaryArray, FixedSizeBinaryArray, Int64Array, RecordBatch,
    StringArray, StringViewArray,
};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use breachdex::Kind;
use breachdex_audit::{AuditError, AuditOptions, Audited, Format, Input, ReadOptions, audit, report};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{account, digest, empty, hex, known, options, rows, run};

fn batch(secrets: ArrayRef) -> RecordBatch {
    let rows = secrets.len() as i64;
    let ids: ArrayRef = Arc::new(Int64Array::from((10..10 + rows).collect::<Vec<_>>()));
    RecordBatch::try_from_iter([("other", Arc::clone(&ids)), ("pw", secrets), ("id", ids)]).unwrap()
}

/// The same passwords in every type that can hold them.
fn passwords() -> Vec<ArrayRef> {
    let texts = [Some("password"), None, Some(""), Some("unheard of")];
    let bytes: Vec<Option<&[u8]>> = texts.iter().map(|text| text.map(str::as_bytes)).collect();
    let dictionary: DictionaryArray<Int32Type> = texts.into_iter().collect();
    vec![
        Arc::new(StringArray::from(texts.to_vec())),
        Arc::new(StringViewArray::from(texts.to_vec())),
        Arc::new(BinaryArray::from(bytes)),
        Arc::new(dictionary),
    ]
}

fn chosen(format: Option<Format>, digests: bool) -> AuditOptions {
    let read = ReadOptions {
        format,
        column: Some(String::from("pw")),
        user_column: Some(String::from("id")),
        digests,
        ..ReadOptions::default()
    };
    AuditOptions { read, ..options(Format::Parquet) }
}

fn audit_file(path: &Path, digests: bool) -> Result<Audited, AuditError> {
    audit(Input::File(path.to_owned()), &known(Kind::Sha1).corpus, &chosen(None, digests), &())
}

fn write_parquet(path: &Path, batch: &RecordBatch) {
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn columns_of_passwords() {
    let folder = tempfile::tempdir().unwrap();
    for (at, secrets) in passwords().into_iter().enumerate() {
        let batch = batch(secrets);
        let (parquet, arrow) =
            (folder.path().join(format!("{at}.parquet")), folder.path().join(format!("{at}.arrow")));
        write_parquet(&parquet, &batch);
        let mut writer = FileWriter::try_new(File::create(&arrow).unwrap(), &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        let mut stream = Vec::new();
        let mut writer = StreamWriter::try_new(&mut stream, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        drop(writer);
        let found = [
            audit_file(&parquet, false).unwrap(),
            audit_file(&arrow, false).unwrap(),
            run(stream, &known(Kind::Sha1), &chosen(Some(Format::Arrow), false)).unwrap(),
        ];
        for audited in found {
            let expected = [
                account(1, "10", true),
                empty(3, "12"),
                account(4, "13", false),
                account(5, "10", true),
                empty(7, "12"),
                account(8, "13", false),
            ];
            assert_eq!(rows(&audited), expected);
            assert_eq!((audited.tally.empty, audited.tally.without_password), (2, 2));
        }
    }
}

/// What text and CSV are told about, columns are: passwords that hashcat wrote in its notation.
#[test]
fn the_notation_of_hashcat_is_said_of_columns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write_parquet(&path, &batch(Arc::new(StringArray::from(vec!["password", "$HEX[613a62]"]))));
    let said = audit_file(&path, false).unwrap().inputs[0].assumptions[0].to_string();
    assert!(
        said.starts_with(
            "2 passwords are written as $HEX[...] by hashcat (the first is of row 2) and were not decoded; "
        ),
        "{said}"
    );
}

#[test]
fn columns_of_digests() {
    let folder = tempfile::tempdir().unwrap();
    let raw = digest(Kind::Sha1, "password").to_bytes();
    let fixed = FixedSizeBinaryArray::try_from_iter([raw.as_slice(), &[7; 20]].into_iter()).unwrap();
    let text = StringArray::from(vec![hex(Kind::Sha1, "password"), "7".repeat(40)]);
    for (at, secrets) in [Arc::new(fixed) as ArrayRef, Arc::new(text)].into_iter().enumerate() {
        let path = folder.path().join(format!("{at}.parquet"));
        write_parquet(&path, &batch(secrets));
        let audited = audit_file(&path, true).unwrap();
        assert_eq!(rows(&audited)[..2], [account(1, "10", true), account(2, "11", false)]);
    }
    let path = folder.path().join("bad.parquet");
    write_parquet(&path, &batch(Arc::new(StringArray::from(vec!["xyz", "password"]))));
    let said = audit_file(&path, true).unwrap_err().to_string();
    assert!(
        said.contains("4 rows malformed; the first, row 1: a digest here has 40 hex digits, found 3"),
        "{said}"
    );
}

#[test]
fn files_that_cannot_be_audited() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let name = path.display().to_string();
    write_parquet(&path, &batch(Arc::new(Int64Array::from(vec![1, 2]))));
    let said = audit_file(&path, false).unwrap_err().to_string();
    assert_eq!(
        said,
        format!("column \"pw\" of {name} is of type Int64; passwords and digests are text or binary")
    );
    std::fs::write(&path, "no parquet at all, but long enough to look at").unwrap();
    let said = audit_file(&path, false).unwrap_err().to_string();
    assert!(said.starts_with(&format!("{name} is not a Parquet file: ")), "{said}");
    let stream =
        run("PAR1", &known(Kind::Sha1), &chosen(Some(Format::Parquet), false)).unwrap_err().to_string();
    assert!(
        stream.ends_with(
            "it is a stream or compressed as a whole, and Parquet is read from its end; name the file itself"
        ),
        "{stream}"
    );
}

#[test]
fn rows_as_parquet() {
    let nt = hex(Kind::Ntlm, "password");
    let dump = format!("=kim:{nt}\nlee:{}\n", hex(Kind::Ntlm, "unheard of"));
    let audited = run(dump, &known(Kind::Ntlm), &options(Format::Ntlm)).unwrap();
    let file = tempfile::tempfile().unwrap();
    report::write_parquet(audited.rows.as_ref().unwrap(), file.try_clone().unwrap()).unwrap();
    let mut batches = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let batch = batches.next().unwrap().unwrap();
    let text = |name| batch.column_by_name(name).unwrap().as_string::<i32>();
    let number = |name| batch.column_by_name(name).unwrap().as_primitive::<UInt64Type>();
    assert_eq!((batch.num_rows(), text("account").value(0), number("count").value(0)), (2, "=kim", 9));
    assert_eq!(
        (text("band").value(0), text("source").value(0), number("shared_by").value(1)),
        ("2-9", "base", 1)
    );
    let exposed = batch.column_by_name("exposed").unwrap().as_boolean();
    assert!(exposed.value(0) && !exposed.value(1) && text("band").is_null(1));
}

/// Passwords within structs, and in every compression.
#[test]
fn nested_columns_in_every_compression() {
    use arrow_array::StructArray;
    use arrow_schema::{DataType, Field, Fields};
    use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
    use parquet::file::properties::WriterProperties;

    let field = |name: &str| Field::new(name, DataType::Utf8, true);
    let inner = Fields::from(vec![field("name"), field("pw")]);
    let names: ArrayRef = Arc::new(StringArray::from(vec!["kim", "lee", "pat"]));
    let secrets: ArrayRef = Arc::new(StringArray::from(vec!["password", "unheard of", "password"]));
    let nulls = arrow_buffer::NullBuffer::from(vec![true, true, false]);
    let login: ArrayRef = Arc::new(StructArray::new(inner, vec![names, secrets], Some(nulls)));
    let batch = RecordBatch::try_from_iter([("login", login)]).unwrap();
    let chosen = |column: &str| {
        let read = ReadOptions {
            column: Some(column.to_owned()),
            user_column: Some(String::from("login.name")),
            ..ReadOptions::default()
        };
        AuditOptions { read, ..options(Format::Parquet) }
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
    ] {
        let properties = WriterProperties::builder().set_compression(compression).build();
        let file = File::create(&path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let input = Input::File(path.clone());
        let audited = audit(input, &known(Kind::Sha1).corpus, &chosen("login.pw"), &()).unwrap();
        assert_eq!(rows(&audited), [account(1, "kim", true), account(2, "lee", false)], "{compression:?}");
        assert_eq!(audited.tally.without_password, 1, "{compression:?}");
    }
    let input = Input::File(path.clone());
    let said = audit(input, &known(Kind::Sha1).corpus, &chosen("pw"), &()).unwrap_err().to_string();
    let name = path.display();
    assert_eq!(
        said,
        format!("{name} has no column \"pw\" among its 1; names are compared exactly; there is login.pw")
    );
    let said =
        audit(Input::File(path.clone()), &known(Kind::Sha1).corpus, &chosen("login"), &()).unwrap_err();
    assert!(said.to_string().contains("passwords and digests are text or binary"), "{said}");
}
