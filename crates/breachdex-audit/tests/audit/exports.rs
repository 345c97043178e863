//! Exports of password managers in the shapes that the products document, and the files that are refused by name.

#![forbid(unsafe_code)]

use breachdex::Kind;
use breachdex_audit::{AuditOptions, Audited, Format, Input, ReadOptions, audit};

use crate::{account, former, known, options, rows, run};

fn read(export: &str, format: Format) -> Audited {
    run(export, &known(Kind::Sha1), &options(format)).unwrap()
}

/// Detects the format by the file's name and content.
fn detect(name: &str, export: impl AsRef<[u8]>) -> Result<Format, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, export).unwrap();
    let found = audit(Input::File(path), &known(Kind::Sha1).corpus, &AuditOptions::default(), &());
    found
        .map(|found| found.inputs[0].format)
        .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

/// What is not read is refused by its name, or with the flags that read it.
#[test]
fn what_to_do_with_other_products_files_is_said() {
    for (name, text, said) in [
        (
            "gopass.csv",
            "path,password,username\na,b,c\n",
            "the format of gopass.csv is not certain; it looks like CSV whose column \"password\" holds the passwords",
        ),
        (
            "old.json",
            "{\"version\": 1, \"groups\": []}",
            "the format of old.json is not certain; it is JSON of no product that is known here",
        ),
        (
            "keepass1.xml",
            "<?xml version=\"1.0\"?>\n<pwlist><pwentry></pwentry></pwlist>",
            "keepass1.xml is KeePass 1's XML; export it as KeePass CSV (1.x) and audit that",
        ),
        (
            "passky.json",
            "{\"encrypted\":false,\"passwords\":[{\"website\":\"a\",\"username\":\"b\",\"password\":\"c\",\"message\":\"\"}]}",
            "passky.json is Passky's JSON; import it into Bitwarden, and audit an export of that",
        ),
        (
            "lsass.json",
            "{\"lsass.dmp\": {\"logon_sessions\": {\"1\": {\"msv_creds\": [{\"NThash\": null}]}}}}",
            "lsass.json is pypykatz's JSON; write it again as text, without --json, or with -g, and audit that",
        ),
    ] {
        assert_eq!(detect(name, text), Err(said.to_owned()));
    }
}

/// What the content says of a file whose name says another format or none, and of a stream.
#[test]
fn a_known_export_under_another_name_is_advised() {
    let chrome = "name,url,username,password\na,b,kim,password\n";
    let said = "is not certain; it looks like an export from Chrome (CSV)";
    assert_eq!(detect("passwords.txt", chrome), Err(format!("the format of passwords.txt {said}")));
    assert_eq!(detect("passwords", chrome), Err(format!("the format of passwords {said}")));
    let stream = Input::Stream(Box::new(std::io::Cursor::new(chrome)));
    let found = audit(stream, &known(Kind::Sha1).corpus, &AuditOptions::default(), &());
    assert_eq!(found.unwrap_err().to_string(), format!("the format of standard input {said}"));
    assert_eq!(detect("passwords.csv", ""), Err("nothing was asked: passwords.csv is empty".to_owned()));
    assert_eq!(detect("notes.txt", "a\nb\n"), Err("the format of notes.txt is not certain".to_owned()));
    for (name, bytes, is) in [
        ("SAM", &b"regf\0\0\0\0"[..], "a Windows registry hive; dump its hashes first"),
        ("lsass.dmp", b"MDMP\x93\xa7", "a memory dump of Windows; read it with pypykatz"),
        ("login.keychain-db", b"kych\0\x01", "a keychain of macOS; export the passwords"),
        ("report.csv", b"%PDF-1.7\n", "a PDF document; audit the export"),
    ] {
        let said = detect(name, bytes).unwrap_err();
        assert!(said.starts_with(&format!("{name} is {is}")), "{said}");
    }
}

/// Two columns of passwords: the wrong one might be read, and nothing found.
#[test]
fn a_column_that_is_there_twice_makes_no_known_export() {
    let twice = "name,url,username,password,password\na,b,kim,x,password\n";
    let said = detect("export.csv", twice).unwrap_err();
    assert!(said.contains("is not certain; it looks like CSV whose column \"password\""), "{said}");
    for header in ["name,url,username,password,,", "name,url,username,password,note,,,"] {
        let cells = header.matches(',').count();
        let row = format!("a,b,kim,password{}\n", ",".repeat(cells - 3));
        assert_eq!(detect("export.csv", format!("{header}\n{row}")), Ok(Format::ChromeCsv), "{header}");
    }
}

#[test]
fn lists_of_users_and_passwords() {
    let list = "kim@corp.example:password\r\nlee:pass:word\nno colon\n\n\nmax:\n:password\n";
    let found = read(list, Format::UserPassword);
    let tally = &found.tally;
    assert_eq!((tally.accounts, tally.exposed, tally.empty, tally.malformed), (3, 2, 1, 1));
    assert_eq!(found.faults[0].fault.to_string(), "no colon between a user and a password");
    let said = detect("combo.txt", "kim@corp.example:password\nlee@corp.example:x\n").unwrap_err();
    assert_eq!(said, "the format of combo.txt is not certain; it looks like a list of user:password lines");
}

/// What hashcat writes for passwords with a colon is looked up as it stands, and said.
#[test]
fn the_notation_of_hashcat_is_said() {
    let chrome = "name,url,username,password\na,b,kim,$HEX[613a62]\na,b,lee,$HEX[61]\na,b,max,$HEX[]\n";
    let keepass =
        |value: &str| format!("<Entry><String><Key>Password</Key><Value>{value}</Value></String></Entry>");
    let xml = format!(
        "<KeePassFile><Root><Group>{}{}{}</Group></Root></KeePassFile>",
        keepass("password"),
        keepass("$HEX[61]"),
        keepass("$HEX[62]")
    );
    let json = PROTON.replace(r#""password":"password""#, r#""password":"$HEX[61]""#);
    let csv = "name,url,username,password\na,b,kim,x\n";
    for (text, format, place) in [
        (
            chrome,
            Format::ChromeCsv,
            Some("2 passwords are written as $HEX[...] by hashcat (the first is of line 2) and were"),
        ),
        (
            "x\nkim:$HEX[61]\nlee:$HEX[62]\n",
            Format::UserPassword,
            Some("2 passwords are written as $HEX[...] by hashcat (the first is of line 2) and were"),
        ),
        (
            &xml,
            Format::KeepassXml,
            Some("2 passwords are written as $HEX[...] by hashcat (the first is of entry 2) and were"),
        ),
        (&json, Format::ProtonJson, Some("1 password is written as $HEX[...] by hashcat (item 1) and was")),
        (csv, Format::ChromeCsv, None),
    ] {
        let found = read(text, format);
        let said = found.inputs[0].assumptions.iter().map(ToString::to_string).collect::<Vec<_>>();
        let decoding = "not decoded; if that is not what the passwords are, decode them before they are written to the file";
        let expected = place.map(|place| format!("{place} {decoding}"));
        assert_eq!(said, expected.into_iter().collect::<Vec<_>>(), "{format:?}");
    }
}

/// LastPass's extension shows the export as a page, which has `&amp;` for `&`.
#[test]
fn what_lastpass_escapes_is_said() {
    let header = "url,username,password,totp,extra,name,grouping,fav\n";
    let found = read(&format!("{header}a,kim,x,,,A,,0\na,lee,a&amp;b,,,B,,0\n"), Format::LastpassCsv);
    let said = found.inputs[0].assumptions[0].to_string();
    assert!(
        said.starts_with("1 of its passwords holds &amp;, &lt; or &gt; (the first is line 3), which"),
        "{said}"
    );
}

/// A spreadsheet shows numbers of twelve digits and more so, and saves what it shows.
#[test]
fn numbers_that_a_spreadsheet_rounded_are_said() {
    let header = "name;url;username;password;note\n";
    let rows = "a;b;kim;2,9065E+13;\na;b;lee;1E+15;\na;b;max;2.5e+11;\na;b;ann;12.5E+11;\na;b;joe;E+11;\n";
    let found = read(&format!("{header}{rows}"), Format::ChromeCsv);
    let said: Vec<String> = found.inputs[0].assumptions.iter().map(ToString::to_string).collect();
    assert_eq!(
        said[1..],
        [
            "2 of its passwords look like 2.5E+11 (the first is line 2), which a spreadsheet makes of long numbers when it \
          saves a file: export again, and do not open the file in a spreadsheet"
        ]
    );
}

/// Such cells keep a spreadsheet from making another number of a number.
#[test]
fn formulas_in_place_of_passwords_are_said() {
    let rows = "a,b,kim,\"=\"\"0123\"\"\",\na,b,lee,\"=\"\"x\",\n";
    let found = read(&format!("name,url,username,password,note\n{rows}"), Format::ChromeCsv);
    let said: Vec<String> = found.inputs[0].assumptions.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "1 of its passwords looks like =\"0123\" (the first is line 2), as for a spreadsheet, and was looked up so: export \
          again, or remove what is around them"
        ]
    );
}

/// A NUL is neither UTF-16 nor part of a password.
#[test]
fn a_line_with_a_nul_is_malformed() {
    let chrome = "name,url,username,password\na,b,kim,pass\0word\na,b,lee,password\n";
    assert_eq!(detect("export.csv", chrome), Ok(Format::ChromeCsv));
    let found = read(chrome, Format::ChromeCsv);
    assert_eq!((found.tally.exposed, found.tally.malformed), (1, 1));
    assert_eq!(found.faults[0].fault.to_string(), "holds a NUL byte, which no text does");
}

/// What spreadsheets, PowerShell and exporters write before the header.
#[test]
fn lines_before_the_header_are_passed_over() {
    let rows = "name;url;username;password\na;b;kim;password\n";
    assert_eq!(detect("export.csv", format!("sep=;\n{rows}")), Ok(Format::ChromeCsv));
    let named = AuditOptions {
        read: ReadOptions { column: Some("Password".into()), ..options(Format::Csv).read },
        ..options(Format::Csv)
    };
    for before in ["#TYPE System.Object\r\n", "# Generated by Password Exporter; Encrypted: false\n", ""] {
        let export = format!("{before}\"SamAccountName\",\"Password\"\r\n\"kim\",\"password\"\r\n");
        let found = run(export, &known(Kind::Sha1), &named).unwrap();
        assert_eq!((found.tally.accounts, found.tally.exposed, found.tally.malformed), (1, 1, 0), "{before}");
    }
}

#[test]
fn csv_exports() {
    let exports = [
        (
            Format::AppleCsv,
            "Title,URL,Username,Password,Notes,OTPAuth\nMail,https://a.example/,kim,password,,\nSite,https://b.example/,lee,,,\n",
        ),
        (
            Format::AppleCsv,
            "Title,Url,Username,Password,OTPAuth\nMail,https://a.example/,kim,password,\nSite,b,lee,,\n",
        ),
        (
            Format::LastpassCsv,
            "url,username,password,totp,extra,name,grouping,fav\nhttps://a.example,kim,password,,,Mail,Work,0\nhttp://sn,,,,note,Note,,0\n",
        ),
        (
            Format::LastpassCsv,
            "url,username,password,extra,name,grouping,fav\nhttps://a.example,kim,password,,Mail,Work,0\nhttp://sn,,,note,Note,,0\n",
        ),
        (
            Format::DashlaneCsv,
            "username,username2,username3,title,password,note,url,category,otpSecret\n,kim,,Mail,password,,https://a.example,Work,\nlee,,,Site,,,b,,\n",
        ),
        (
            Format::ProtonCsv,
            "type,name,url,email,username,password,note,totp,createTime,modifyTime,vault\nlogin,Mail,https://a.example,kim,,password,,,1700000000,1700000000,Personal\nlogin,Key,b,lee@example.org,lee,,,,1,1,Personal\n",
        ),
        (
            Format::NordpassCsv,
            "name,url,additional_urls,username,password,note,cardholdername,cardnumber,cvc,expirydate,zipcode,folder,full_name,phone_number,email,address1,address2,city,country,state,type,custom_fields\nMail,https://a.example,,kim,password,,,,,,,,,,,,,,,,password,\nKey,b,,lee,,,,,,,,,,,,,,,,,password,\n",
        ),
        (
            Format::NordpassCsv,
            "name,url,username,password,note,cardholdername,cardnumber,cvc,expirydate,zipcode,folder,full_name,phone_number,email,address1,address2,city,country,state\nMail,https://a.example,kim,password,,,,,,,,,,,,,,,\nKey,b,lee,,,,,,,,,,,,,,,,\n",
        ),
        (
            Format::RoboformCsv,
            "Name,Url,Login,Pwd,Note,Folder,Rf_fields\nMail,https://a.example,kim,password,,Work,x,y\nLink,b,,,just a link,,\n",
        ),
        (
            Format::AviraCsv,
            "name,website,username,secondary_username,password\nMail,https://a.example,,kim,password\nSite,b,lee,,\n",
        ),
        (
            Format::ButtercupCsv,
            "\"!group_id\",\"!group_name\",\"!type\",\"title\",\"username\",\"password\",\"URL\",\"id\",\"note\"\n\"1\",\"Mail\",\"login\",\"Mail\",\"kim\",\"password\",\"https://a.example\",\"2\",\"\"\n\"0\",\"Root\",\"--\",\"--\",\"\",\"\",\"\",\"0\",\"\"\n",
        ),
        (
            Format::ButtercupCsv,
            "!group_id,!group_name,title,username,password,URL,Notes,!group_id,!group_name,id\n1,General,Mail,kim,password,https://a.example,,1,General,2\n1,General,Site,lee,,b,,1,General,3\n",
        ),
        (
            Format::DelineaCsv,
            "Secret Name,Username,URL,Password,Notes,Date Created,Expires,Folder,TOTP Key,TOTP Backup Codes\nMail,kim,https://a.example,password,,3/9/2020 9:29,,Work,,\nSite,lee,b,,,,,,,\n",
        ),
        (
            Format::ZohoCsv,
            "\"Password Name\",\"Description\",\"Password URL\",\"SecretData\",\"Notes\",\"CustomData\",\"Tags\",\"Classification\",\"Favorite\",\"TOTP\",\"Folder Name\"\nMail,,https://a.example,\"SecretType:Web Account\nUser Name:kim\nPassword:password\n\",,\"\",,E,0,,Work\nSite,,b,\"SecretType:Web Account\nUser Name:lee\nPassword:\n\",,\"\",,E,0,,\n",
        ),
        (
            Format::ZohoCsv,
            "\u{FEFF}\"Secret Name\",\"Description\",\"Secret URL\",\"SecretData\",\"Notes\",\"CustomData\",\"Tags\",\"Classification\",\"Favorite\",\"ChamberName\"\nMail,,https://a.example,\"SecretType:Web Account\nUser Name:kim\nPassword:password\n\",,\"\",,P,0,Work,\nSite,,b,\"SecretType:Web Account\nUser Name:lee\nPassword:\n\",,\"\",,P,0,Work,\n",
        ),
        (
            Format::ZohoCsv,
            "\u{FEFF}\"Secret Name\",\"Secret URL\",\"Notes\"\n\"Mail\",\"https://a.example\",\"\",\"kim\",\"password\"\n\"Site\",\"b\",\"\",\"lee\",\"\"\n",
        ),
        (
            Format::RoboformCsv,
            "\u{FEFF}Name,Url,MatchUrl,Login,Pwd,Note,Folder,RfFieldsV2\nMail,https://a.example,https://a.example,kim,password,,Work,\"User ID$,,,txt,kim\",\"Password$,,,pwd,password\"\nLink,b,,,,just a link,,\n",
        ),
    ];
    for (format, export) in exports {
        let found = read(export, format);
        assert_eq!(rows(&found), [account(2, "kim", true)], "{format:?}");
        let tally = &found.tally;
        assert_eq!((tally.without_password, tally.malformed, tally.empty), (1, 0, 0), "{format:?}");
        assert!(!found.tally.is_incomplete());
        assert_eq!(detect("export.csv", export), Ok(format));
    }
    // A bank account of Zoho Vault has no password, and one of its passwords has a colon.
    let zoho = "Password Name,Password URL,SecretData\nBank,,\"SecretType:Bank Account\nAccount Number:1\n\"\nMail,a,\"Password:pass:word\r\nUser Name:kim\r\n\"\n";
    let found = read(zoho, Format::ZohoCsv);
    assert_eq!((found.tally.other_items, rows(&found)), (1, vec![account(5, "kim", false)]));
    // One more cell that is not empty moves what follows, and may be a part of something else. Lines are counted.
    let moved = "Secret Name,Secret URL,SecretData\nFile,,\"Password:x\n\"\nMail,a,\"Password:password\n\",b\nSite,b,\"Password:password\n\",,\n";
    assert_eq!(read(moved, Format::ZohoCsv).tally.malformed, 4);
    let short = "Secret Name,Secret URL,Notes\nFile,,,kim,x\nMail,a,kim,password\nSite,b,,lee,password,\n";
    assert_eq!(read(short, Format::ZohoCsv).tally.malformed, 2);
    // A card of NordPass and a note of Proton Pass are no log-ins.
    let card = "name,url,username,password,note,cardholdername,folder,type\nCard,,,,,Kim,,credit_card\nMail,a,kim,x,,,,password\n";
    assert_eq!(read(card, Format::NordpassCsv).tally.other_items, 1);
}

#[test]
fn roboform_puts_an_apostrophe_before_formulas() {
    let header = "Name,Url,MatchUrl,Login,Pwd,Note,Folder,RfFieldsV2\n";
    let indexes = crate::Indexes::new(
        crate::index(Kind::Sha1, true, &[("@secret", 5), ("'plain", 6)]),
        vec![],
        vec![],
        1,
    )
    .unwrap();
    let export = format!("{header}A,a,a,'=kim,'@secret,,,\nB,b,b,lee,'plain,,,\n");
    let found = run(export, &indexes, &options(Format::RoboformCsv)).unwrap();
    assert_eq!(rows(&found), [account(2, "=kim", true), account(3, "lee", true)]);
}

#[test]
fn keeper_writes_no_header() {
    let export =
        "Work,Mail,kim,password,https://a.example,note,,custom,value\n,Site,lee,unheard of,,,\nshort,row\n";
    let found = read(export, Format::KeeperCsv);
    assert_eq!(rows(&found), [account(1, "kim", true), account(2, "lee", false)]);
    assert_eq!(found.tally.malformed, 1);
    assert!(detect("export.csv", export).unwrap_err().starts_with("the format of export.csv is not certain"));
}

const PROTON: &str = r#"{"version":"1.21.2","userId":"u","encrypted":false,"vaults":{
  "share-1":{"name":"Personal","description":"","display":{"color":0,"icon":0},"items":[
    {"itemId":"1","shareId":"s","data":{"metadata":{"name":"Mail","note":"","itemUuid":"a"},"extraFields":[],"type":"login",
      "content":{"itemEmail":"kim@example.org","password":"password","urls":["https://a.example"],"totpUri":"","passkeys":[],"itemUsername":""}},
      "state":1,"aliasEmail":null,"contentFormatVersion":6,"createTime":1,"modifyTime":1},
    {"itemId":"2","data":{"metadata":{"name":"Note"},"extraFields":[],"type":"note","content":{}},"state":1}]},
  "share-2":{"name":"Work","items":[
    {"itemId":"3","data":{"metadata":{"name":"Old"},"type":"login","content":{"username":"lee","password":"123456"}},"state":2},
    {"itemId":"4","data":{"metadata":{"name":"Key"},"type":"login","content":{"itemUsername":"pat","password":""}},"state":1}]}}}"#;

const ONE_PASSWORD: &str = r#"{"accounts":[{"attrs":{"accountName":"Kim","name":"Kim","avatar":"","email":"k@example.org","uuid":"A","domain":"https://my.1password.com/"},
  "vaults":[{"attrs":{"uuid":"v","desc":"","avatar":"","name":"Personal","type":"P"},"items":[
    {"uuid":"1","favIndex":0,"createdAt":1,"updatedAt":1,"state":"active","categoryUuid":"001",
      "details":{"loginFields":[{"value":"kim","id":"","name":"username","fieldType":"T","designation":"username"},
        {"value":"password","id":"","name":"password","fieldType":"P","designation":"password"}],
        "notesPlain":"","sections":[],"passwordHistory":[{"value":"123456","time":1}]},
      "overview":{"subtitle":"kim","title":"Mail","url":"","ps":50}},
    {"uuid":"2","categoryUuid":"005","details":{"loginFields":[],"password":"unheard of","sections":[],"passwordHistory":[]},"overview":{}},
    {"uuid":"3","categoryUuid":"003","details":{"loginFields":[],"notesPlain":"a note","sections":[],"passwordHistory":[]},"overview":{}},
    {"uuid":"4","trashed":true,"categoryUuid":"001","details":{"loginFields":[{"value":"lee","designation":"username"},{"value":"123456","designation":"password"}]}}]}]}]}"#;

const ENPASS: &str = r#"{"folders":[{"icon":"1","parent_uuid":"","title":"Work","updated_at":1,"uuid":"f"}],"items":[
  {"archived":0,"auto_submit":1,"category":"login","createdAt":1,"favorite":0,"fields":[
    {"deleted":0,"label":"Username","order":1,"sensitive":0,"type":"username","uid":10,"updated_at":1,"value":"","value_updated_at":1},
    {"deleted":0,"label":"E-mail","type":"email","value":"kim"},
    {"deleted":0,"label":"Password","type":"password","value":"password","history":[{"updated_at":1,"value":"123456"}]}],
    "icon":{},"note":"","subtitle":"","template_type":"login.default","title":"Mail","trashed":0,"updated_at":1,"uuid":"a"},
  {"archived":0,"auto_submit":1,"category":"note","note":"n","title":"Note","trashed":0},
  {"archived":0,"auto_submit":1,"category":"login","fields":[{"type":"username","value":"lee","deleted":0},{"type":"password","value":"123456","deleted":0}],"trashed":1}]}"#;

#[test]
fn json_exports() {
    let found = read(PROTON, Format::ProtonJson);
    assert_eq!(rows(&found), [account(1, "kim@example.org", true), former(3, "lee", true)]);
    assert_eq!((found.tally.other_items, found.tally.without_password), (1, 1));
    let found = read(ONE_PASSWORD, Format::OnePassword1pux);
    let expected =
        [account(1, "kim", true), former(1, "kim", true), account(2, "", false), former(4, "lee", true)];
    assert_eq!(rows(&found), expected);
    assert_eq!(found.tally.other_items, 1);
    let found = read(ENPASS, Format::EnpassJson);
    assert_eq!(rows(&found), [account(1, "kim", true), former(1, "kim", true), former(3, "lee", true)]);
    assert_eq!(found.tally.other_items, 1);
    for (name, export, format) in [
        ("data.json", PROTON, Format::ProtonJson),
        ("export.data", ONE_PASSWORD, Format::OnePassword1pux),
        ("export.json", ONE_PASSWORD, Format::OnePassword1pux),
        ("enpass.json", ENPASS, Format::EnpassJson),
    ] {
        assert_eq!(detect(name, export), Ok(format), "{name}");
    }
    let encrypted = PROTON.replace("\"encrypted\":false", "\"encrypted\":true");
    let said = run(encrypted, &known(Kind::Sha1), &options(Format::ProtonJson)).unwrap_err().to_string();
    assert!(said.starts_with("standard input is an encrypted export; export again"), "{said}");
}

#[test]
fn what_cannot_be_read_is_refused_by_name_with_the_way() {
    let zip = b"PK\x03\x04rest".as_slice();
    let kdbx = b"\x03\xD9\xA2\x9A\x67\xFB\x4B\xB5rest".as_slice();
    let keepass =
        "open it and export it as KeePass XML (2.x) (File > Export, in KeePassXC Database > Export > XML)";
    for (name, content, said) in [
        (
            "vault.1pif",
            b"{}".as_slice(),
            "vault.1pif is a 1Password interchange file (1PIF); export again as 1PUX or CSV (File > Export) and audit that"
                .to_owned(),
        ),
        ("vault.kdbx", kdbx, format!("vault.kdbx is an encrypted KeePass 2 database (KDBX); {keepass}")),
        ("renamed.csv", kdbx, format!("renamed.csv is an encrypted KeePass 2 database (KDBX); {keepass}")),
        (
            "pass.spass",
            b"AAAA",
            "pass.spass is an encrypted Samsung Pass export, and Samsung Pass has no other; move the passwords to Google \
             Password Manager on the device, export them there as CSV and audit that"
                .to_owned(),
        ),
        (
            "members.xlsx",
            zip,
            "members.xlsx is a spreadsheet; save it as CSV UTF-8 and audit that with the column of passwords".to_owned(),
        ),
        (
            "old.feather",
            b"FEA1rest",
            "old.feather is a Feather version 1 file; write it again as Feather version 2, for example with \
             pyarrow.feather.write_feather(pyarrow.feather.read_table(FILE), NEW)"
                .to_owned(),
        ),
    ] {
        assert_eq!(detect(name, content), Err(said), "{name}");
    }
    assert_eq!(
        detect("a.lz4", b"\x04\x22\x4d\x18rest"),
        Err("a.lz4 is compressed with LZ4; decompress it first (unlz4)".to_owned())
    );
}

/// A file beside these tests, as a program packed it.
#[cfg(feature = "decompression")]
fn packed(name: &str) -> std::path::PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "packed", name].iter().collect()
}

#[cfg(feature = "decompression")]
#[test]
fn exports_in_archives_and_other_compressions() {
    let options = AuditOptions::default();
    for (name, assumed) in [
        ("export.csv.xz", "decompressed (xz)"),
        ("export.csv.bz2", "decompressed (bzip2)"),
        ("export.zip", "decompressed (ZIP)"),
        ("export.7z", "decompressed (7z)"),
    ] {
        let found = audit(Input::File(packed(name)), &known(Kind::Sha1).corpus, &options, &()).unwrap();
        assert_eq!(found.inputs[0].format, Format::ChromeCsv, "{name}");
        assert_eq!((found.tally.accounts, found.tally.exposed), (1, 1), "{name}");
        assert_eq!(found.inputs[0].assumptions[0].to_string(), assumed, "{name}");
        let bytes = std::fs::read(packed(name)).unwrap();
        let said = detect(name, &bytes[..bytes.len() - 2]).unwrap_err();
        assert!(said.starts_with(&format!("cannot read {name}: the ")), "{said}");
        // A pipe has no end to read an archive from.
        let piped = run(&bytes, &known(Kind::Sha1), &crate::options(Format::ChromeCsv));
        match name {
            "export.zip" | "export.7z" => {
                let said = piped.unwrap_err().to_string();
                assert!(
                    said.contains("archive; un") && said.ends_with("it first and audit the file in it"),
                    "{said}"
                );
            }
            _ => assert_eq!(rows(&piped.unwrap()), [account(2, "kim", true)], "{name}"),
        }
    }
}

#[cfg(feature = "decompression")]
#[test]
fn the_passwords_of_an_archive_of_several_files() {
    let found =
        audit(Input::File(packed("vault.1pux")), &known(Kind::Sha1).corpus, &AuditOptions::default(), &())
            .unwrap();
    assert_eq!(found.inputs[0].format, Format::OnePassword1pux);
    assert_eq!((found.tally.accounts, found.tally.exposed), (1, 1));
    let said = detect("twice.zip", std::fs::read(packed("twice.zip")).unwrap());
    assert_eq!(said, Err("twice.zip is compressed with gzip; decompress it first (gunzip)".to_owned()));
}

#[test]
fn enpass_names_fields_before_their_values() {
    let header = "\"Title\",\"Field\",\"Value\",\"Field\",\"Value\",.........,\"Note\"\n";
    let rows_of = "\"Mail\",\"Username\",\"\",\"E-mail\",\"kim\",\"Password\",\"password\",\"Website\",\"https://a.example\",\"a, note\"\n\
                   \"Site\",\"username\",\"lee\",\"*Password\",\"unheard of\",\"\"\n\
                   \"A note\",\"of mine\"\n\
                   \"Card\",\"Cardholder\",\"Kim\",\"Number\",\"1\",\"\"\n\
                   \"Empty\",\"username\",\"pat\",\"password\",\"\",\"\"\n\
                   \"Two\",\"username\",\"max\",\"password\",\"\",\"password\",\"123456\"\n";
    for (export, first) in [(format!("{header}{rows_of}"), 2), (rows_of.to_owned(), 1)] {
        let found = read(&export, Format::EnpassCsv);
        let expected =
            [account(first, "kim", true), account(first + 1, "lee", false), account(first + 5, "max", true)];
        assert_eq!(rows(&found), expected);
        let tally = &found.tally;
        assert_eq!((tally.other_items, tally.without_password, tally.malformed), (2, 1, 0));
    }
    assert_eq!(detect("enpass.csv", format!("{header}{rows_of}")), Ok(Format::EnpassCsv));
    // Without its header nothing says what it is.
    assert!(
        detect("enpass.csv", rows_of).unwrap_err().starts_with("the format of enpass.csv is not certain")
    );
    // A password with a comma, a quote and a line break.
    let odd = "\"Odd\",\"password\",\"p\"\"a,\nb\",\"\"\n";
    let found = read(&format!("{header}{odd}"), Format::EnpassCsv);
    assert_eq!((found.tally.accounts, found.tally.malformed), (1, 0));
}

#[cfg(feature = "decompression")]
#[test]
fn compressed_exports() {
    use std::io::Write as _;
    let export = "name,url,username,password\na,https://a.example/,kim,password\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(export.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(export.as_bytes(), 1).unwrap();
    assert_eq!(detect("export.csv.gz", &gzip), Ok(Format::ChromeCsv));
    assert_eq!(detect("export.csv.zst", &zstd), Ok(Format::ChromeCsv));
    let found = run(&gzip, &known(Kind::Sha1), &options(Format::ChromeCsv)).unwrap();
    assert_eq!(rows(&found), [account(2, "kim", true)]);
    assert_eq!(found.inputs[0].assumptions[0].to_string(), "decompressed (gzip)");
    let cut = &gzip[..gzip.len() - 5];
    let said = run(cut, &known(Kind::Sha1), &options(Format::ChromeCsv)).unwrap_err().to_string();
    assert_eq!(said, "cannot read standard input: the gzip data end too early; get the file again");
}

#[test]
fn legacy_encodings_by_their_labels() {
    use breachdex_audit::{Encoding, ReadOptions};
    for (label, name) in [
        ("windows-1252", "windows-1252"),
        ("latin1", "windows-1252"),
        ("CP932", "CP932"),
        ("sjis", "CP932"),
        ("euc-jp", "EUC-JP"),
        ("cp1251", "windows-1251"),
        ("gbk", "GBK"),
        ("utf-16be", "UTF-16BE"),
        ("UTF-8", "UTF-8"),
    ] {
        assert_eq!(Encoding::named(label).map(Encoding::name), Some(name), "{label}");
    }
    assert_eq!(Encoding::named("klingon"), None);
    assert_eq!(Encoding::named("replacement"), None);
    let indexes =
        crate::Indexes::new(crate::index(Kind::Sha1, true, &[("Größe", 3)]), vec![], vec![], 1).unwrap();
    let read = ReadOptions {
        format: Some(Format::Csv),
        column: Some(String::from("pw")),
        encoding: Encoding::named("windows-1252"),
        ..ReadOptions::default()
    };
    let chosen = AuditOptions { read, ..options(Format::Csv) };
    let found = run(b"pw\nGr\xF6\xDFe\n", &indexes, &chosen).unwrap();
    assert_eq!(found.tally.exposed, 1);
    // Without a byte order mark, UTF-16 has zero bytes.
    let utf16: Vec<u8> =
        "name,url,username,password\na,b,kim,password\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = run(&utf16, &known(Kind::Sha1), &options(Format::ChromeCsv)).unwrap();
    assert_eq!(rows(&found), [account(2, "kim", true)]);
    assert_eq!(found.inputs[0].assumptions[0].to_string(), "read as UTF-16LE, by its first bytes");
    assert_eq!(detect("export.csv", utf16), Ok(Format::ChromeCsv));
}
