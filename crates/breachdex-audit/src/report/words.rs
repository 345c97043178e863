//! What reports say, in English and Japanese. A password is in a list of leaked ones; nobody says that the account leaked.

#![forbid(unsafe_code)]

use crate::account::Standing;
use crate::format::Format;
use crate::report::numbers::grouped;
use crate::tally::Band;

/// A language of reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Japanese.
    Japanese,
}

/// The words of a language.
pub(super) struct Words {
    pub(super) lang: &'static str,
    pub(super) title: &'static str,
    pub(super) accounts: &'static str,
    pub(super) exposed: &'static str,
    pub(super) not_found: &'static str,
    pub(super) below_min_count: &'static str,
    pub(super) by_overlay: &'static str,
    pub(super) shared: &'static str,
    pub(super) shared_accounts: &'static str,
    pub(super) exposed_groups: &'static str,
    pub(super) disabled: &'static str,
    pub(super) machines: &'static str,
    pub(super) former: &'static str,
    pub(super) empty: &'static str,
    pub(super) without_password: &'static str,
    pub(super) other_items: &'static str,
    pub(super) lm_hashes: &'static str,
    pub(super) malformed: &'static str,
    pub(super) unanswered: &'static str,
    pub(super) of_them_exposed: &'static str,
    pub(super) seen: &'static str,
    pub(super) account: &'static str,
    pub(super) pseudonym: &'static str,
    pub(super) number: &'static str,
    pub(super) notes: &'static str,
    pub(super) note_disabled: &'static str,
    pub(super) note_machine: &'static str,
    pub(super) note_overlay: &'static str,
    pub(super) note_lm: &'static str,
    pub(super) how_often: &'static str,
    pub(super) largest_groups: &'static str,
    pub(super) all_counts: &'static str,
    pub(super) list: &'static str,
    pub(super) meaning: &'static str,
    pub(super) meanings: &'static [&'static str],
    pub(super) next: &'static str,
    pub(super) steps: &'static [&'static str],
    pub(super) made_with: &'static str,
    pub(super) incomplete: &'static str,
    pub(super) starter: &'static str,
    pub(super) pseudonyms: &'static str,
    pub(super) confidential: &'static str,
    pub(super) group: &'static str,
    pub(super) none_exposed: &'static str,
    pub(super) index: &'static str,
    pub(super) overlays: &'static str,
    pub(super) entries: &'static str,
    pub(super) corpus_date: &'static str,
    pub(super) threshold: &'static str,
    pub(super) date: &'static str,
    pub(super) not_exact: &'static str,
}

impl Language {
    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Japanese => &JAPANESE,
        }
    }

    pub(super) fn band(self, band: Band) -> String {
        match (self, band.first(), band.last()) {
            (Self::English, None, _) => String::from("not known how often"),
            (Self::Japanese, None, _) => String::from("回数不明"),
            (Self::English, Some(1), Some(1)) => String::from("seen once"),
            (Self::Japanese, Some(1), Some(1)) => String::from("1 回"),
            (Self::English, Some(first), None) => format!("{} times or more", grouped(first)),
            (Self::Japanese, Some(first), None) => format!("{} 回以上", grouped(first)),
            (Self::English, Some(first), Some(last)) => {
                format!("{} to {} times", grouped(first), grouped(last))
            }
            (Self::Japanese, Some(first), Some(last)) => {
                format!("{}～{} 回", grouped(first), grouped(last))
            }
        }
    }

    pub(super) fn shared_by(self, accounts: u64) -> String {
        match self {
            Self::English => format!("shared by {}", grouped(accounts)),
            Self::Japanese => format!("{} アカウントで共通", grouped(accounts)),
        }
    }

    /// How many of what was said before are exposed.
    pub(super) fn of_them(self, exposed: u64) -> String {
        match self {
            Self::English => format!("{} {}", grouped(exposed), self.words().of_them_exposed),
            Self::Japanese => format!("{} {}", self.words().of_them_exposed, grouped(exposed)),
        }
    }

    pub(super) fn unlisted(self, number: u64) -> String {
        match (self, number) {
            (Self::English, 1) => String::from("and 1 more"),
            (Self::English, number) => format!("and {} more", grouped(number)),
            (Self::Japanese, number) => format!("ほか {} 件", grouped(number)),
        }
    }

    pub(super) fn standing(self, standing: Standing) -> Option<&'static str> {
        (standing == Standing::Machine).then_some(self.words().note_machine)
    }

    pub(super) fn format(self, format: Format) -> &'static str {
        match self {
            Self::English => format.described(),
            Self::Japanese => match format {
                Format::Ntlm => "NTLM ダンプ",
                Format::Hashes => "ハッシュの一覧",
                Format::BitwardenJson => "Bitwarden のエクスポート（JSON）",
                Format::BitwardenCsv => "Bitwarden のエクスポート（CSV）",
                Format::OnePasswordCsv => "1Password のエクスポート（CSV）",
                Format::KeepassXml => "KeePass のエクスポート（XML）",
                Format::KeepassCsv => "KeePass のエクスポート（CSV）",
                Format::ChromeCsv => "Chrome のエクスポート（CSV）",
                Format::FirefoxCsv => "Firefox のエクスポート（CSV）",
                Format::Csv => "CSV",
                Format::Parquet => "Parquet",
                Format::Arrow => "Arrow",
            },
        }
    }
}

static ENGLISH: Words = Words {
    lang: "en",
    title: "Exposed passwords",
    accounts: "accounts",
    exposed: "exposed",
    not_found: "not found",
    below_min_count: "seen too rarely to count",
    by_overlay: "by an overlay",
    shared: "passwords shared",
    shared_accounts: "accounts that share one",
    exposed_groups: "shared and exposed",
    disabled: "disabled accounts",
    machines: "machine accounts",
    former: "former passwords",
    empty: "empty passwords",
    without_password: "without a password",
    other_items: "other items",
    lm_hashes: "LM hashes kept",
    malformed: "malformed",
    unanswered: "outside the coverage",
    of_them_exposed: "exposed",
    seen: "seen",
    account: "account",
    pseudonym: "pseudonym",
    number: "number",
    notes: "notes",
    note_disabled: "disabled",
    note_machine: "machine",
    note_overlay: "overlay",
    note_lm: "LM hash",
    how_often: "Exposed accounts by how often their passwords were seen",
    largest_groups: "The passwords that most accounts share",
    all_counts: "All counts",
    list: "Exposed accounts, the most often seen passwords first",
    meaning: "What the numbers mean",
    meanings: &[
        "Exposed: the account's password is in the list of leaked passwords that was asked. That says nothing about where it was leaked, or by whom: other people may have used it too. It does mean that attackers try it.",
        "How often: the number of times that the password occurs in the leaks. Even one that was seen once is in the attackers' lists.",
        "Not found: the list does not have the password. That does not make it a good one.",
        "Shared: several accounts have the same password. Whoever learns one of them has all of them.",
        "Machine accounts, former passwords (histories, recycle bins), empty passwords and items without a password are counted apart and are no accounts here.",
    ],
    next: "What to do next",
    steps: &[
        "Have exposed passwords of accounts that are in use changed, those of administrators and of services first.",
        "Where accounts share a password, give each its own, even where it is not exposed.",
        "Refuse exposed passwords when they are chosen, so that they do not come back.",
        "Turn LM hashes off and give accounts with empty passwords a password, or disable them.",
        "Delete the input when you are done: it gives access to every account in it.",
    ],
    made_with: "Made offline by breachdex",
    incomplete: "This report is not complete: some of the input could not be read or answered.",
    starter: "The starter index holds the commonest passwords only. A password that it does not have may well be exposed: audit again with a full index.",
    pseudonyms: "Accounts are named by pseudonyms that are good for this report alone: equal ones are the same account. The number leads to the account in the input.",
    confidential: "Confidential: keep this report as you would keep the list of doors that are unlocked.",
    group: "group",
    none_exposed: "No exposed account was found.",
    index: "index",
    overlays: "overlays",
    entries: "entries",
    corpus_date: "corpus date",
    threshold: "exposed means seen at least so often",
    date: "made on",
    not_exact: "The index keeps a part of each digest: a password may, rarely, be taken for another.",
};

static JAPANESE: Words = Words {
    lang: "ja",
    title: "流出パスワードの監査結果",
    accounts: "アカウント",
    exposed: "流出パスワードを使用",
    not_found: "一覧になし",
    below_min_count: "基準の回数に満たないもの",
    by_overlay: "うち独自リストによるもの",
    shared: "共通のパスワード",
    shared_accounts: "共通のパスワードを使うアカウント",
    exposed_groups: "うち流出パスワード",
    disabled: "無効なアカウント",
    machines: "コンピューターアカウント",
    former: "過去のパスワード",
    empty: "空のパスワード",
    without_password: "パスワードのないもの",
    other_items: "ログイン以外の項目",
    lm_hashes: "LM ハッシュが残るもの",
    malformed: "読み取れなかったもの",
    unanswered: "索引の対象範囲外",
    of_them_exposed: "うち流出パスワード",
    seen: "確認回数",
    account: "アカウント",
    pseudonym: "仮名",
    number: "番号",
    notes: "備考",
    note_disabled: "無効",
    note_machine: "コンピューター",
    note_overlay: "独自リスト",
    note_lm: "LM ハッシュあり",
    how_often: "流出データでの確認回数ごとのアカウント数",
    largest_groups: "多くのアカウントで共通のパスワード",
    all_counts: "集計の内訳",
    list: "流出パスワードを使用しているアカウント（確認回数の多い順）",
    meaning: "数字の見方",
    meanings: &[
        "「流出パスワードを使用」とは、アカウントのパスワードが、過去に流出したパスワードの一覧に含まれていることを指します。どこから流出したか、誰のものであったかは分かりません。ほかの人が同じパスワードを使っていた場合も含まれます。ただし、攻撃者が試すパスワードであることに変わりはありません。",
        "「確認回数」は、流出データの中でそのパスワードが確認された回数です。1 回だけのものも、攻撃者の手元にある一覧に含まれています。",
        "「一覧になし」は、照合した一覧にそのパスワードがないことを示すだけで、安全なパスワードであることを示すものではありません。",
        "「共通のパスワード」は、複数のアカウントが同じパスワードを使っていることを示します。一つが知られると、すべてに入られるおそれがあります。",
        "コンピューターアカウント、過去のパスワード（履歴やごみ箱）、空のパスワード、パスワードのない項目は、アカウントとは別に数えています。",
    ],
    next: "次に行うこと",
    steps: &[
        "使用中のアカウントのうち、流出パスワードを使っているものは、パスワードを変更してもらってください。管理者とサービス用のアカウントを優先してください。",
        "共通のパスワードを使っているアカウントは、流出の有無にかかわらず、それぞれ別のパスワードにしてください。",
        "パスワードの設定時に、流出パスワードを拒否するようにしてください。",
        "LM ハッシュの保存を無効にし、空のパスワードのアカウントには、パスワードを設定するか、アカウントを無効にしてください。",
        "作業が終わったら、入力ファイルを削除してください。すべてのアカウントに入ることのできる情報です。",
    ],
    made_with: "breachdex によりオフラインで作成",
    incomplete: "この結果は完全ではありません。読み取れなかった、または照合できなかったものがあります。",
    starter: "付属の索引には、よく使われるパスワードだけが含まれています。一覧にないパスワードも、流出している可能性があります。完全な索引で、もう一度監査してください。",
    pseudonyms: "アカウントは、この報告書の中だけで通用する仮名で示しています。同じ仮名は同じアカウントです。番号は、入力ファイルの中の位置を示します。",
    confidential: "取扱注意：この報告書は、攻撃の手がかりになります。厳重に管理してください。",
    group: "グループ",
    none_exposed: "流出パスワードを使用しているアカウントは見つかりませんでした。",
    index: "索引",
    overlays: "独自リスト",
    entries: "件数",
    corpus_date: "データの日付",
    threshold: "流出とみなす確認回数（以上）",
    date: "作成日",
    not_exact: "この索引はハッシュの一部だけを保持しているため、まれに別のパスワードと一致することがあります。",
};
