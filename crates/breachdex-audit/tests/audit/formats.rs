//! Every format of text, in the shape in which its product writes it.

#![forbid(unsafe_code)]

use breachdex::Kind;
use breachdex_audit::{AccountKind, Encoding, Format, ReadOptions};

use crate::{account, empty, former, hex, known, options, rows, run};

const NO_LM: &str = "aad3b435b51404eeaad3b435b51404ee";
const NO_NT: &str = "31d6cfe0d16ae931b73c59d7e0c089c0";

#[test]
fn ntlm_dumps() {
    let nt = |password| hex(Kind::Ntlm, password);
    let dump = [
        format!("CORP\\kim:1104:{NO_LM}:{}:::", nt("password")),
        format!("lee:1105:{NO_LM}:{}::: (pwdLastSet=2024-01-02 03:04) (status=Disabled)", nt("パスワード")),
        format!("pat:1106:{}:{}::: (status=Enabled)", nt("an LM hash"), nt("unheard of").to_uppercase()),
        format!("kim_history0:1104:{NO_LM}:{}:::", nt("123456")),
        format!("WS01$:1110:{NO_LM}:{}:::", nt("123456")),
        format!("WS01$_history12:1110:{NO_LM}:{}:::", nt("123456")),
        format!("Guest:501:{NO_LM}:{NO_NT}:::"),
        format!("old:500:NO PASSWORD*********************:{}:::", nt("123456")),
        String::from("gone:502:NO PASSWORD*********************:NO PASSWORD*********************:::"),
        String::new(),
        format!("short:{}", nt("password")),
    ];
    let audited = run(dump.join("\r\n"), &known(Kind::Ntlm), &options(Format::Ntlm)).unwrap();
    let machine = (5, String::from("WS01$"), AccountKind::Machine, Some(true));
    let expected = [
        account(1, "CORP\\kim", true),
        account(2, "lee", true),
        account(3, "pat", false),
        former(4, "kim_history0", true),
        machine,
        former(6, "WS01$_history12", true),
        empty(7, "Guest"),
        account(8, "old", true),
        empty(9, "gone"),
        account(11, "short", true),
    ];
    assert_eq!(audited.tally.empty_in_use, 2);
    assert_eq!(rows(&audited), expected);
    let tally = &audited.tally;
    assert_eq!(
        (tally.accounts, tally.exposed, tally.empty, tally.lm_hashes, tally.malformed),
        (5, 4, 2, 1, 0)
    );
    assert_eq!((tally.disabled.checked, tally.disabled.exposed), (1, 1));
    assert_eq!((tally.machines.checked, tally.machines.exposed), (1, 1));
    assert_eq!((tally.former.checked, tally.former.exposed), (2, 2));
    assert_eq!((tally.shared.groups, tally.shared.accounts, tally.shared.exposed_groups), (1, 2, 1));
    assert_eq!(tally.bands, [1, 2, 0, 1, 0, 0, 0]);
}

#[test]
fn lists_of_digests_of_either_kind() {
    for kind in [Kind::Sha1, Kind::Ntlm] {
        let list = format!("{}\n\n{}\n", hex(kind, "password"), hex(kind, "unheard of").to_uppercase());
        let audited = run(list, &known(kind), &options(Format::Hashes)).unwrap();
        assert_eq!(rows(&audited), [account(1, "", true), account(3, "", false)]);
    }
}

#[test]
fn bitwarden_json() {
    let export = r#"{
      "encrypted": false,
      "folders": [{"id": "1", "name": "Home"}],
      "items": [
        {"passwordHistory": [{"lastUsedDate": "2024-01-01T00:00:00.000Z", "password": "123456"}],
         "revisionDate": "2024-01-01T00:00:00.000Z", "deletedDate": null, "id": "a", "type": 1, "reprompt": 0,
         "name": "Mail", "notes": null, "favorite": false,
         "login": {"fido2Credentials": [], "uris": [{"match": null, "uri": "https://mail.example"}],
                   "username": "kim", "password": "a\"b\\c,d", "totp": null}, "collectionIds": null},
        {"id": "b", "type": 2, "name": "Note", "notes": "n", "secureNote": {"type": 0}},
        {"id": "c", "type": 1, "name": "Key", "login": {"username": "lee", "password": null}},
        {"id": "d", "type": 1, "name": "Bin", "deletedDate": "2024-01-01T00:00:00.000Z",
         "login": {"username": null, "password": "\u30d1\u30b9\u30ef\u30fc\u30c9"}},
        {"id": "e", "type": 1, "name": "Site", "login": {"username": "pat", "password": "unheard of"}}
      ]
    }"#;
    let audited = run(export, &known(Kind::Ntlm), &options(Format::BitwardenJson)).unwrap();
    let expected =
        [account(1, "kim", true), former(1, "kim", true), former(4, "", true), account(5, "pat", false)];
    assert_eq!(rows(&audited), expected);
    assert_eq!((audited.tally.other_items, audited.tally.without_password), (1, 1));
}

#[test]
fn bitwarden_csv_of_a_person_and_of_an_organisation() {
    for first in ["folder,favorite", "collections"] {
        let commas = ",".repeat(first.matches(',').count());
        let export = format!(
            "\u{FEFF}{first},type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp\r\n\
             {commas},login,Mail,\"a note\r\nof two lines\",,0,https://a.example,kim,\"a\"\"b\\c,d\",\r\n\
             {commas},note,Note,n,,0,,,,\r\n\
             {commas},login,Key,,,0,https://b.example,lee,,\r\n"
        );
        let audited = run(export, &known(Kind::Sha1), &options(Format::BitwardenCsv)).unwrap();
        assert_eq!(rows(&audited), [account(2, "kim", true)], "{first}");
        assert_eq!((audited.tally.other_items, audited.tally.without_password), (1, 1));
    }
}

#[test]
fn one_password_csv_of_today_and_before() {
    let exports = [
        "Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes\n\
         Mail,https://a.example,kim,123456,,false,false,,\n",
        "Title,Website,Username,Password,One-Time Password,Favorite status,Archived status,Tags,Notes\n\
         Mail,https://a.example,kim,123456,,,,,\n",
    ];
    for export in exports {
        let audited = run(export, &known(Kind::Sha1), &options(Format::OnePasswordCsv)).unwrap();
        assert_eq!(rows(&audited), [account(2, "kim", true)]);
    }
}

#[test]
fn keepass_csv_of_both_dialects() {
    let backslashes = "\"Account\",\"Login Name\",\"Password\",\"Web Site\",\"Comments\"\r\n\
        \"Mail\",\"kim\",\"a\\\"b\\\\c,d\",\"https://a.example\",\"said \\\"hi\\\"\r\nand left\"\r\n\
        \"Site\",\"lee\",\"unheard of\",\"\",\"\"\r\n";
    let audited = run(backslashes, &known(Kind::Sha1), &options(Format::KeepassCsv)).unwrap();
    assert_eq!(rows(&audited), [account(2, "kim", true), account(4, "lee", false)]);
    let doubled = "\"Group\",\"Title\",\"Username\",\"Password\",\"URL\",\"Notes\",\"TOTP\",\"Icon\",\"Last Modified\",\"Created\"\n\
        \"Root\",\"Mail\",\"kim\",\"a\"\"b\\c,d\",\"\",\"\",\"\",\"0\",\"2024-01-01T00:00:00Z\",\"\"\n";
    let audited = run(doubled, &known(Kind::Sha1), &options(Format::KeepassCsv)).unwrap();
    assert_eq!(rows(&audited), [account(2, "kim", true)]);
}

#[test]
fn browsers_csv() {
    let chrome = "name,url,username,password,note\na.example,https://a.example/,kim,パスワード,\n";
    let audited = run(chrome, &known(Kind::Sha1), &options(Format::ChromeCsv)).unwrap();
    assert_eq!(rows(&audited), [account(2, "kim", true)]);
    let firefox = "\"url\",\"username\",\"password\",\"httpRealm\",\"formActionOrigin\",\"guid\",\"timeCreated\",\"timeLastUsed\",\"timePasswordChanged\"\r\n\
        \"https://a.example\",\"kim\",\"password\",,\"\",\"{0-1}\",\"1\",\"2\",\"3\"\r\n";
    let audited = run(firefox, &known(Kind::Ntlm), &options(Format::FirefoxCsv)).unwrap();
    assert_eq!(rows(&audited), [account(2, "kim", true)]);
}

const KEEPASS: &str = r#"<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<KeePassFile>
  <Meta><Generator>KeePass</Generator><RecycleBinUUID>YmluYmluYmluYmluYmluYg==</RecycleBinUUID></Meta>
  <Root>
    <Group><UUID>cm9vdHJvb3Ryb290cm9vdA==</UUID><Name>Root</Name>
      <Entry><UUID>ZW50cnkxZW50cnkxZW50cg==</UUID>
        <String><Key>Notes</Key><Value>not a password: password</Value></String>
        <String><Key>Password</Key><Value ProtectInMemory="True">a&quot;b\c&#44;d</Value></String>
        <String><Key>UserName</Key><Value>R&amp;D &lt;kim&gt;</Value></String>
        <History>
          <Entry><String><Key>Password</Key><Value>123456</Value></String>
            <String><Key>UserName</Key><Value>kim</Value></String></Entry>
        </History>
      </Entry>
      <Group><UUID>YmluYmluYmluYmluYmluYg==</UUID><Name>Recycle Bin</Name>
        <Group><UUID>aW4=</UUID>
          <Entry><String><Key>Password</Key><Value><![CDATA[password]]></Value></String></Entry>
        </Group>
      </Group>
      <Entry><String><Key>Password</Key><Value>{REF:P@I:46C9B1FFBD4ABC4BBB260C6190BAD20C}</Value></String></Entry>
      <Entry><String><Key>UserName</Key><Value>lee</Value></String><String><Key>Password</Key><Value/></String></Entry>
      <Entry><String><Key>Password</Key><Value>unheard of</Value></String></Entry>
    </Group>
  </Root>
</KeePassFile>"#;

#[test]
fn keepass_xml() {
    let audited = run(KEEPASS, &known(Kind::Sha1), &options(Format::KeepassXml)).unwrap();
    let expected =
        [former(2, "kim", true), account(1, "R&D <kim>", true), former(3, "", true), account(6, "", false)];
    assert_eq!(rows(&audited), expected);
    assert_eq!((audited.tally.without_password, audited.tally.empty), (2, 0));
}

#[test]
fn any_csv_by_column_with_another_delimiter_or_with_digests() {
    let read = ReadOptions {
        format: Some(Format::Csv),
        column: Some(String::from("pw")),
        user_column: Some(String::from("id")),
        delimiter: Some(b';'),
        ..ReadOptions::default()
    };
    let chosen = breachdex_audit::AuditOptions { read, ..options(Format::Csv) };
    let audited = run("id;pw;x\n7;123456;\n8;two,cells;\n", &known(Kind::Sha1), &chosen).unwrap();
    assert_eq!(rows(&audited), [account(2, "7", true), account(3, "8", false)]);
    let mut chosen = chosen;
    chosen.read.digests = true;
    let hashed = format!("id;pw\n7; {} \n8;\n", hex(Kind::Sha1, "password"));
    let audited = run(hashed, &known(Kind::Sha1), &chosen).unwrap();
    assert_eq!(rows(&audited), [account(2, "7", true)]);
    assert_eq!(audited.tally.without_password, 1);
}

#[test]
fn japanese_excel_and_utf_16() {
    let text = "番号,パスワード\r\n表,パスワード\r\n十,ソ表\r\n";
    let read = |encoding| ReadOptions {
        format: Some(Format::Csv),
        encoding,
        column: Some(String::from("パスワード")),
        user_column: Some(String::from("番号")),
        ..ReadOptions::default()
    };
    let expected = [account(2, "表", true), account(3, "十", false)];
    let check = |bytes: Vec<u8>, encoding| {
        let chosen = breachdex_audit::AuditOptions { read: read(encoding), ..options(Format::Csv) };
        let audited = run(bytes, &known(Kind::Sha1), &chosen).unwrap();
        assert_eq!(rows(&audited), expected, "{encoding:?}");
    };
    // "ソ", "表" and "十" end in a backslash in CP932.
    check(encoding_rs::SHIFT_JIS.encode(text).0.into_owned(), Some(Encoding::CP932));
    let units = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    check([vec![0xFF, 0xFE], units(u16::to_le_bytes)].concat(), None);
    check([vec![0xFE, 0xFF], units(u16::to_be_bytes)].concat(), None);
    check(units(u16::to_le_bytes), Some(Encoding::UTF_16));
}
