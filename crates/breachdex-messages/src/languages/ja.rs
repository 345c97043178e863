//! 日本語。「流出」と書き、「漏洩」とは書かない。このアカウントの情報が流出したとは決して言わない。

#![forbid(unsafe_code)]

use super::{Catalogue, Facts};
use crate::catalogue::{Command, Passwords, Reports};
use crate::template::text;

pub(super) const CATALOGUE: Catalogue = Catalogue {
    facts: Facts { name: "日本語", sentence_separator: "", digit_separator: ",", has_singular: false },
    passwords: Passwords {
        exposed: text(
            "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。ほかのサービスで使っていない、別のパスワードを設定してください。",
        ),
        exposed_count: text("流出データの中で %(count)d 回確認されています。"),
        exposed_form: text(
            "このパスワードは、全角と半角などの表記の違いを除くと、過去に流出したパスワードと同じです。別のパスワードを設定してください。",
        ),
        exposed_invisible: text(
            "このパスワードは、前後の空白や画面に表示されない文字を除くと、過去に流出したパスワードと同じです。別のパスワードを設定してください。",
        ),
        too_short: text(
            "パスワードが短すぎます。%(min_length)d文字以上で設定してください（現在%(length)d文字）。",
        ),
        too_long: text("パスワードが長すぎます。%(max_length)d文字以内で設定してください。"),
        context_word: text(
            "ユーザー名、メールアドレス、サービス名などから推測されやすいパスワードは使用できません。別のパスワードを設定してください。",
        ),
        control_character: text(
            "パスワードに、タブや改行などの制御文字が含まれています。制御文字を取り除くか、別のパスワードを設定してください。",
        ),
        similar_exposed: text(
            "過去に流出したパスワードとよく似ているため、推測されるおそれがあります。別のパスワードを設定してください。",
        ),
        repetitive: text(
            "同じ文字の繰り返しや連続した文字は推測されやすいため、避けることをおすすめします。",
        ),
        index_unavailable: text(
            "現在、パスワードの安全性を確認できません。しばらくしてからもう一度お試しください。",
        ),
        force_reset: text(
            "安全のため、パスワードの再設定が必要です。ご登録のメールアドレスにお送りしたご案内に沿って、再設定してください。",
        ),
        help_text: text("過去に流出したことが確認されているパスワードは使用できません。"),
        help_length: text("パスワードは%(min_length)d文字以上で設定してください。"),
        log_in_warning: text(
            "ログインに使用したパスワードは、過去に流出したパスワードの一覧に含まれています。ほかのサービスで使っていない、別のパスワードへ早めに変更してください。",
        ),
        grace_days: text(
            "このパスワードでログインできるのは、あと%(days)d日です。その後は、パスワードの再設定が必要になります。",
        ),
        grace_log_ins: text(
            "このパスワードでログインできるのは、あと%(log_ins)d回です。その後は、パスワードの再設定が必要になります。",
        ),
        grace_last: text(
            "このパスワードでログインできるのは今回が最後です。次回は、パスワードの再設定が必要になります。",
        ),
        notify_subject: text("パスワード変更のお願い"),
        notify_mail: text(
            "%(site_name)s のお客さまのアカウントにログインがありました。その際に使用されたパスワードは、過去に流出したパスワードの一覧に含まれています。お客さまのアカウントの情報が流出したという意味ではありませんが、第三者に推測されるおそれがあります。ほかのサービスで使っていない、別のパスワードへ早めに変更してください。お心当たりのないログインの場合は、すぐにパスワードを再設定してください。",
        ),
        exposed_warning: text(
            "このパスワードは、過去に流出したパスワードの一覧に含まれています。ほかのサービスで使っていない、別のパスワードをおすすめします。",
        ),
        context_word_warning: text(
            "ユーザー名、メールアドレス、サービス名などから推測されやすいパスワードです。別のパスワードをおすすめします。",
        ),
    },
    reports: Reports {
        title: text("流出パスワードの監査結果"),
        heading: text("%(input)s（%(format)s）を %(index)s と照合（%(entries)d 件）"),
        heading_dated: text("%(input)s（%(format)s）を %(index)s と照合（%(entries)d 件、%(date)s）"),
        several_inputs: text("%(number)d 個のファイル"),
        accounts: text("アカウント"),
        exposed: text("流出パスワードを使用"),
        not_found: text("一覧になし"),
        below_min_count: text("基準の回数に満たないもの"),
        by_overlay: text("うち独自リストによるもの"),
        shared: text("共通のパスワード"),
        shared_accounts: text("共通のパスワードを使うアカウント"),
        exposed_groups: text("うち流出パスワード"),
        disabled: text("無効なアカウント"),
        machines: text("コンピューターアカウント"),
        former: text("過去のパスワード"),
        empty: text("空のパスワード"),
        empty_in_use: text("空のパスワード（使用中）"),
        own_name: text("アカウント名と同じパスワード"),
        refused: text("%(policy)s を満たさないもの"),
        rule_too_short: text("短すぎる"),
        rule_too_long: text("長すぎる"),
        rule_context_word: text("推測されやすい語"),
        rule_similar_exposed: text("流出パスワードに類似"),
        rule_repetitive: text("繰り返しや連続"),
        rule_control_character: text("制御文字"),
        without_password: text("パスワードのないもの"),
        other_items: text("ログイン以外の項目"),
        lm_hashes: text("LM ハッシュが残るもの"),
        malformed: text("読み取れなかったもの"),
        unanswered: text("索引の対象範囲外"),
        of_them_exposed: text("うち流出パスワード"),
        of_them: text("うち流出パスワード %(exposed)d"),
        seen: text("確認回数"),
        account: text("アカウント"),
        pseudonym: text("仮名"),
        file: text("ファイル"),
        number: text("番号"),
        notes: text("備考"),
        note_disabled: text("無効"),
        note_machine: text("コンピューター"),
        note_overlay: text("独自リスト"),
        note_lm: text("LM ハッシュあり"),
        note_form: text("%(form)s 形で一致"),
        note_invisible: text("前後の空白や表示されない文字を除くと一致"),
        note_partial: text("一部の照合先は応答なし"),
        note_empty: text("パスワードが空"),
        note_own_name: text("アカウント名と同じ"),
        note_policy: text("ポリシー違反：%(rules)s"),
        shared_by: text("%(accounts)d アカウントで共通（グループ %(group)d）"),
        unlisted: text("ほか %(number)d 件"),
        band_unknown: text("回数不明"),
        band_from: text("%(first)d 回以上"),
        band_exactly: text("%(times)d 回"),
        band_between: text("%(first)d～%(last)d 回"),
        how_often: text("流出データでの確認回数ごとのアカウント数"),
        largest_groups: text("多くのアカウントで共通のパスワード"),
        all_counts: text("集計の内訳"),
        list: text("対応が必要なアカウント（危険度の高い順）"),
        list_disabled: text("無効なアカウント（現在はログインできません）"),
        list_sum: text(
            "全 %(total)d 件（アカウント %(accounts)d 件、コンピューターアカウント %(machines)d 件）",
        ),
        to_act_on: text("対応が必要"),
        meaning: text("数字の見方"),
        meanings: [
            "「空のパスワード」のアカウントには、アカウント名を知っていれば誰でもログインできます。この報告書の中で最も危険です。",
            "「流出パスワードを使用」とは、アカウントのパスワードが、過去に流出したパスワードの一覧に含まれていることを指します。どこから流出したか、誰のものであったかは分かりません。ほかの人が同じパスワードを使っていた場合も含まれます。ただし、攻撃者が試すパスワードであることに変わりはありません。",
            "「確認回数」は、流出データの中でそのパスワードが確認された回数です。1 回だけのものも、攻撃者の手元にある一覧に含まれています。",
            "「一覧になし」は、照合した一覧にそのパスワードがないことを示すだけで、安全なパスワードであることを示すものではありません。",
            "「共通のパスワード」は、複数のアカウントが同じパスワードを使っていることを示します。一つが知られると、すべてに入られるおそれがあります。グループの番号は、この報告書の中で共通です。",
            "コンピューターアカウント、過去のパスワード（履歴やごみ箱）、空のパスワード、パスワードのない項目は、アカウントとは別に数えています。",
        ],
        next: text("次に行うこと"),
        step_empty: text(
            "パスワードが空のアカウントが %(accounts)d 件あります。本日中にパスワードを設定するか、アカウントを無効にしてください。",
        ),
        step_own_name: text(
            "アカウント名と同じパスワードのアカウントが %(accounts)d 件あります。パスワードを変更してください。",
        ),
        step_exposed: text(
            "使用中のアカウントのうち %(accounts)d 件が流出パスワードを使っています。パスワードを変更してもらってください。管理者とサービス用のアカウントを優先してください。",
        ),
        step_machines: text(
            "コンピューターアカウントのうち %(accounts)d 件が流出パスワードを使っています。パスワードを再設定してください。",
        ),
        step_shared: text(
            "%(passwords)d 種類のパスワードが %(accounts)d アカウントで共用されています。それぞれ別のパスワードにしてください。",
        ),
        step_lm_hashes: text(
            "LM ハッシュの保存を無効にし、LM ハッシュが残る %(accounts)d 件のアカウントのパスワードを変更してください。LM ハッシュからはパスワードを復元できます。",
        ),
        step_refused: text(
            "ポリシーを満たさないパスワードのアカウントが %(accounts)d 件あります。パスワードを変更してもらってください。",
        ),
        step_disabled: text(
            "無効なアカウントのうち %(accounts)d 件のパスワードが、空または流出パスワードです。無効のままにするか、有効にする前にパスワードを再設定してください。",
        ),
        step_incomplete: text(
            "読み取れなかった、または照合できなかったものが %(lines)d 件あります。安全かどうかは分かりません。入力ファイルを確認してください。",
        ),
        step_gate: text("パスワードの設定時に、流出パスワードを拒否するようにしてください。"),
        step_delete: text(
            "作業が終わったら、入力ファイルを削除してください。すべてのアカウントに入ることのできる情報です。",
        ),
        contents: text("目次"),
        summary: text("概要"),
        details: text("管理者向けの詳細"),
        pages: text("印刷すると、最初の 2 ページが概要、3 ページ目からが管理者向けの詳細です。"),
        trend: text("前回の報告書との比較"),
        trend_since: text("前回の報告書：%(date)s、%(input)s"),
        before: text("前回"),
        now: text("今回"),
        change: text("増減"),
        made_with: text("breachdex によりオフラインで作成"),
        incomplete: text(
            "この結果は完全ではありません。読み取れなかった、または照合できなかったものがあります。",
        ),
        starter: text(
            "付属の索引には、よく使われるパスワードだけが含まれています。一覧にないパスワードも、流出している可能性があります。完全な索引で、もう一度監査してください。",
        ),
        pseudonyms: text(
            "アカウントは、この報告書の中だけで通用する仮名で示しています。同じ仮名は同じアカウントです。番号は、入力ファイルの中の位置を示します。",
        ),
        confidential: text("取扱注意：この報告書は、攻撃の手がかりになります。厳重に管理してください。"),
        group: text("グループ"),
        members: text("共通のパスワードを使うアカウントの一覧"),
        none_exposed: text("対応が必要なアカウントは見つかりませんでした。"),
        index: text("索引"),
        overlays: text("独自リスト"),
        entries: text("件数"),
        corpus_date: text("データの日付"),
        threshold: text("流出とみなす確認回数（以上）"),
        date: text("作成日"),
        not_exact: text(
            "この索引はハッシュの一部だけを保持しているため、まれに別のパスワードと一致することがあります。",
        ),
        format_export: text("%(product)s のエクスポート（%(container)s）"),
        format_ntlm: text("NTLM ダンプ"),
        format_hashes: text("ハッシュの一覧"),
        format_csv: text("CSV"),
        format_parquet: text("Parquet"),
        format_arrow: text("Arrow"),
    },
    command: Command {
        password_prompt: text("パスワード（表示されません）: "),
        digest_prompt: text("%(kind)s ハッシュの 16 進表記（表示されません）: "),
        answer: text("%(label)s：%(sentence)s"),
        label_exposed: text("流出あり"),
        label_below: text("基準未満"),
        label_not_found: text("該当なし"),
        label_unknown: text("不明"),
        exposed: text("このパスワードは %(place)s に含まれています。別のパスワードを設定してください。"),
        exposed_count: text(
            "このパスワードは %(place)s に含まれています（確認回数 %(count)d 回）。別のパスワードを設定してください。",
        ),
        exposed_form: text("一致したのは、このパスワードの %(form)s 形です。"),
        exposed_invisible: text(
            "一致したのは、このパスワードから前後の空白や表示されない文字を除いたものです。",
        ),
        partial: text("応答のない照合先があるため、実際の回数はこれより多い可能性があります。"),
        false_alarm: text(
            "この索引はハッシュの一部だけを保持しているため、まれに別のパスワードと一致することがあります。",
        ),
        below_min_count: text(
            "このパスワードは %(place)s に含まれていますが、確認回数は %(count)d 回で、指定された回数に満たないものです。",
        ),
        not_found: text("このパスワードは %(place)s に含まれていません。"),
        not_found_starter: text(
            "このパスワードは %(place)s に含まれていません。短い一覧のため、流出している可能性は残ります。",
        ),
        unknown: text("このパスワードが流出しているかどうかを確認できませんでした。"),
        starter: text("付属の一覧（よく使われるパスワード）"),
    },
};
