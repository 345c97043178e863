//! NTLM dumps and lists of digests as tools write them.

#![forbid(unsafe_code)]

use breachdex::Kind;
use breachdex_audit::{AccountKind, Audited, Format, Input, LineFault, audit};

use crate::{account, empty, faults, former, hex, known, options, rows, run};

const NO_LM: &str = "aad3b435b51404eeaad3b435b51404ee";
const NO_NT: &str = "31d6cfe0d16ae931b73c59d7e0c089c0";

fn nt(password: &str) -> String {
    hex(Kind::Ntlm, password)
}

fn read(dump: &str) -> Audited {
    run(dump, &known(Kind::Ntlm), &options(Format::Ntlm)).unwrap()
}

#[test]
fn views_of_ds_internals() {
    let pwdump = format!(
        "kim:1104:NO LM-HASH**********************:{}:::\n\
         lee:1105:NO LM-HASH**********************:NO NT-HASH**********************:::\n\
         kim_history0:1104:NO LM-HASH**********************:{}:::\n",
        nt("password"),
        nt("123456")
    );
    let found = read(&pwdump);
    assert_eq!(rows(&found), [account(1, "kim", true), former(3, "kim_history0", true)]);
    assert_eq!((found.tally.without_password, found.tally.lm_hashes, found.tally.malformed), (1, 0, 0));
    let john = format!("kim:$NT${}\nlee:$NT$\nsam:$NT${}\n", nt("password"), nt("unheard of").to_uppercase());
    let found = read(&john);
    assert_eq!(rows(&found), [account(1, "kim", true), account(3, "sam", false)]);
    assert_eq!(found.tally.without_password, 1);
    let ophcrack = format!(
        "kim::{}:{}:S-1-5-21-1-2-3-1104::\nlee:::{}:S-1-5-21-1-2-3-1105::\n",
        nt("x"),
        nt("password"),
        nt("123456")
    );
    let found = read(&ophcrack);
    assert_eq!(rows(&found), [account(1, "kim", true), account(2, "lee", true)]);
    assert_eq!(found.tally.lm_hashes, 1);
    let hashcat = format!("kim:{}\nlee:\n", nt("password"));
    let found = read(&hashcat);
    assert_eq!(rows(&found), [account(1, "kim", true)]);
    assert_eq!(found.tally.without_password, 1);
}

#[test]
fn all_that_secretsdump_prints() {
    let printed = format!(
        "Impacket v0.12.0 - Copyright Fortra, LLC and its affiliated companies \n\
         \n\
         [*] Target system bootKey: 0x0123456789abcdef0123456789abcdef\n\
         [*] Dumping local SAM hashes (uid:rid:lmhash:nthash)\n\
         Administrator:500:{NO_LM}:{}:::\n\
         Guest:501:{NO_LM}:{NO_NT}::: (status=Disabled)\n\
         [*] Dumping cached domain logon information (domain/username:hash)\n\
         CORP/kim:$DCC2$10240#kim#0123456789abcdef0123456789abcdef: (2024-01-01 00:00:00)\n\
         [*] Dumping Domain Credentials (domain\\uid:rid:lmhash:nthash)\n\
         CORP\\kim:1104:{NO_LM}:{}::: (status=Enabled)\n\
         [*] Kerberos keys grabbed\n\
         CORP\\kim:aes256-cts-hmac-sha1-96:{}{}\n\
         CORP\\kim:des-cbc-md5:0123456789abcdef\n\
         [*] ClearText passwords grabbed\n\
         CORP\\kim:CLEARTEXT:not for an audit\n\
         [*] Cleaning up... \n",
        nt("password"),
        nt("123456"),
        nt("x"),
        nt("x"),
    );
    let found = read(&printed);
    assert_eq!(
        rows(&found),
        [account(5, "Administrator", true), empty(6, "Guest"), account(10, "CORP\\kim", true)]
    );
    assert_eq!((found.tally.other_items, found.tally.malformed), (4, 0));
    assert_eq!((found.tally.empty, found.tally.empty_in_use), (1, 0), "Guest is disabled");
}

#[test]
fn samba_and_samdump2() {
    let no = "X".repeat(32);
    let samba = format!(
        "# a comment\n\
         kim:1000:{no}:{}:[U          ]:LCT-5F000000:\n\
         lee:1001:{no}:{}:[UD         ]:LCT-5F000000:\n\
         sam:1002:{no}:{}:[NU         ]:LCT-5F000000:\n\
         max:1003:{no}:{no}:[DU         ]:LCT-00000000:\n\
         PC$:1004:{no}:{}:[W          ]:LCT-5F000000:\n",
        nt("password").to_uppercase(),
        nt("123456"),
        nt("password"),
        nt("unheard of"),
    );
    let found = read(&samba);
    assert_eq!(
        rows(&found)[..3],
        [account(2, "kim", true), account(3, "lee", true), empty(4, "sam")],
        "{:?}",
        faults(&found)
    );
    let tally = &found.tally;
    assert_eq!((tally.disabled.checked, tally.machines.checked, tally.without_password), (1, 1, 1));
    assert_eq!((tally.lm_hashes, tally.malformed), (0, 0));
    let samdump = format!(
        "*disabled* Administrator:500:{NO_LM}:{}:::\nkim:1001:{NO_LM}:{}:::\n",
        nt("password"),
        nt("123456")
    );
    let found = read(&samdump);
    assert_eq!(rows(&found), [account(1, "Administrator", true), account(2, "kim", true)]);
    assert_eq!(found.tally.disabled.exposed, 1);
}

#[test]
fn histories_of_ntdsxtract() {
    let dump = format!(
        "kim:$NT${0}:::\nkim_nthistory0:$NT${0}:::\nkim_lmhistory0:{1}:::\nkim:{1}:::\nlee:$NT${1}:::\n",
        nt("password"),
        nt("unheard of")
    );
    let found = read(&dump);
    assert_eq!(
        rows(&found),
        [account(1, "kim", true), former(2, "kim_nthistory0", true), account(5, "lee", false)]
    );
    assert_eq!((found.tally.other_items, found.tally.malformed), (2, 0));
}

#[test]
fn colors_of_a_terminal_are_no_part_of_a_name() {
    let printed = format!(
        "\u{1b}[1m\u{1b}[34mSMB\u{1b}[0m         10.0.0.1        445    DC01             \u{1b}[1m\u{1b}[33mkim:1104:{NO_LM}:{}:::\u{1b}[0m\n",
        nt("password")
    );
    assert_eq!(rows(&read(&printed)), [account(1, "kim", true)]);
}

#[test]
fn net_exec_and_pypykatz() {
    let host = "SMB         10.0.0.1        445    DC01             ";
    let printed = format!(
        "{host}[*] Windows Server 2022 Build 20348 x64 (name:DC01) (domain:corp.local)\n\
         {host}[+] corp.local\\admin (Pwn3d!)\n\
         {host}[+] Dumping the NTDS, this could take a while so go grab a redbull...\n\
         {host}kim:1104:{NO_LM}:{}:::\n\
         {host}corp.local\\lee:1105:{NO_LM}:{}:::\n\
         {host}[+] Dumped 2 NTDS hashes to /root/.nxc/logs/DC01.ntds of which 2 were added to the database\n",
        nt("password"),
        nt("unheard of"),
    );
    let found = read(&printed);
    assert_eq!(rows(&found), [account(4, "kim", true), account(5, "corp.local\\lee", false)]);
    assert_eq!(found.tally.malformed, 0);
    let grep = format!(
        "filename:packagename:domain:user:NT:LM:SHA1:masterkey:sha1_masterkey:key_guid:plaintext\n\
         lsass.dmp:msv:CORP:kim:{}::da39a3ee5e6b4b0d3255bfef95601890afd80709::::\n\
         lsass.dmp:wdigest:CORP:kim:::::::\n",
        nt("password"),
    );
    let found = read(&grep);
    assert_eq!(rows(&found), [account(2, "kim", true)]);
    assert_eq!((found.tally.other_items, found.tally.malformed), (1, 0));
    let text = format!(
        "FILE: ======== lsass.dmp =======\n\
         == LogonSession ==\n\
         authentication_id 12345 (3039)\n\
         username kim\n\
         \t== MSV ==\n\
         \t\tUsername: kim\n\
         \t\tDomain: CORP\n\
         \t\tLM: NA\n\
         \t\tNT: {}\n\
         \t\tSHA1: da39a3ee5e6b4b0d3255bfef95601890afd80709\n\
         \t== MSV ==\n\
         \t\tUsername: WS01$\n\
         \t\tNT: {}\n",
        nt("password"),
        nt("unheard of"),
    );
    let found = read(&text);
    let machine = (13, String::from("WS01$"), AccountKind::Machine, Some(false));
    assert_eq!(rows(&found), [account(9, "kim", true), machine]);
}

#[test]
fn dumps_are_detected_behind_what_tools_print() {
    let folder = tempfile::tempdir().unwrap();
    let line = format!("kim:1104:{NO_LM}:{}:::\n", nt("password"));
    let dumps = [
        line.clone(),
        format!("[*] Dumping\n\n{line}"),
        format!("SMB 10.0.0.1 445 DC01 [*] Windows\nSMB 10.0.0.1 445 DC01 {line}"),
        format!("kim:$NT${}\n", nt("password")),
        format!("kim:::{}:S-1-5-21::\n", nt("password")),
    ];
    for (at, dump) in dumps.iter().enumerate() {
        let path = folder.path().join(format!("{at}.txt"));
        std::fs::write(&path, dump).unwrap();
        let chosen = breachdex_audit::AuditOptions::default();
        let found = audit(Input::File(path), &known(Kind::Ntlm).corpus, &chosen, &()).unwrap();
        assert_eq!((found.inputs[0].format, found.tally.exposed), (Format::Ntlm, 1), "{dump}");
    }
}

#[test]
fn lists_with_users_or_counts() {
    let sha1 = |password| hex(Kind::Sha1, password);
    let list = format!(
        "kim:{}\nCORP\\lee:x:{}\n{}:42\n{}\nempty:{}\nbroken:123\n",
        sha1("password"),
        sha1("unheard of"),
        sha1("123456").to_uppercase(),
        sha1("パスワード"),
        sha1("")
    );
    let found = run(list, &known(Kind::Sha1), &options(Format::Hashes)).unwrap();
    assert_eq!(
        rows(&found),
        [
            account(1, "kim", true),
            account(2, "CORP\\lee:x", false),
            account(3, "", true),
            account(4, "", true),
            empty(5, "empty"),
        ]
    );
    assert_eq!(faults(&found), [(6, LineFault::Width { expected: 40, found: 3 })]);
}

#[test]
fn log_files_of_netexec() {
    let line = |user: &str, rest: &str| {
        format!(
            "SMB         10.0.0.1        445    DC01             {user}:1104:{NO_LM}:{}:::{rest}\n",
            nt("password")
        )
    };
    let now = "2026-11-20 12:00:00 | smb.py:1500 - INFO - ";
    let earlier = "2026-11-20 12:00:00,123 - INFO - ";
    let log = format!(
        "[20-11-2026 12:00:00]> nxc smb dc01 -u admin -p secret --ntds\n\n\
         {now}SMB         10.0.0.1        445    DC01             [+] Dumping the NTDS\n\
         {now}{}{earlier}{}\
         2026-11-20 12:00:01 | smb.py:1501 - DEBUG - Calling ntds()\n",
        line("corp.example\\kim", ""),
        line("lee", " (status=Disabled)"),
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nxc.log");
    std::fs::write(&path, &log).unwrap();
    let chosen = breachdex_audit::AuditOptions { users: true, ..options(Format::Ntlm) };
    let found = audit(Input::File(path), &known(Kind::Ntlm).corpus, &chosen, &()).unwrap();
    assert_eq!(rows(&found), [account(4, "corp.example\\kim", true), account(5, "lee", true)]);
    assert_eq!((found.tally.disabled.exposed, found.tally.malformed), (1, 0));
}

#[test]
fn metasploit_says_which_accounts_are_disabled() {
    let dump = format!(
        "kim:1104:{NO_LM}:{0}:Disabled=false,Expired=false,PasswordNotRequired=true::\n\
         lee:1105:{NO_LM}:{0}:Disabled=true,Expired=false,PasswordNotRequired=true::\n",
        nt("password")
    );
    let found = read(&dump);
    assert_eq!(rows(&found), [account(1, "kim", true), account(2, "lee", true)]);
    assert_eq!(found.tally.disabled.checked, 1);
}

#[test]
fn group_managed_service_accounts() {
    let dump =
        format!("svc_sql$:::{}\nsvc_sql$:aes256-cts-hmac-sha1-96:{}\n", nt("password"), "a".repeat(64));
    let found = read(&dump);
    assert_eq!((found.tally.machines.exposed, found.tally.other_items, found.tally.malformed), (1, 1, 0));
}

/// Names in a code page of Windows. Their accounts are not passed over in silence, and read where the code page is named.
#[test]
fn names_that_are_not_utf8() {
    use breachdex_audit::{AuditOptions, Encoding, ReadOptions};
    let text = format!("corp\\müller:1104:{NO_LM}:{0}:::\ncorp\\kim:1105:{NO_LM}:{0}:::\n", nt("password"));
    let dump = encoding_rs::WINDOWS_1252.encode(&text).0.into_owned();
    let found = run(&dump, &known(Kind::Ntlm), &options(Format::Ntlm)).unwrap();
    assert_eq!(rows(&found), [account(2, "corp\\kim", true)]);
    assert_eq!(faults(&found), [(1, LineFault::Undecodable("UTF-8"))]);
    for (label, name) in [("windows-1252", "corp\\müller"), ("windows-1251", "corp\\mьller")] {
        let read = ReadOptions {
            format: Some(Format::Ntlm),
            encoding: Encoding::named(label),
            ..ReadOptions::default()
        };
        let found = run(&dump, &known(Kind::Ntlm), &AuditOptions { read, ..options(Format::Ntlm) }).unwrap();
        assert_eq!(rows(&found), [account(1, name, true), account(2, "corp\\kim", true)], "{label}");
    }
}
