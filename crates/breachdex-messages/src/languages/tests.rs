//! What holds for every language.

use super::*;

/// Every text by its key.
fn texts(language: Language) -> Vec<(String, &'static str)> {
    let mut texts = language.passwords().texts();
    texts.extend(language.reports().texts());
    texts.extend(language.incidents().texts());
    texts.extend(language.command().texts());
    texts
}

#[test]
fn languages_are_known_by_their_usual_names() {
    for language in Language::ALL {
        let code = language.code();
        for name in [
            code.to_owned(),
            code.to_uppercase(),
            format!("{code}-JP"),
            format!("{code}_JP.UTF-8"),
            format!("{code}@x"),
        ] {
            assert_eq!(name.parse(), Ok(*language), "{name}");
        }
        assert_eq!(code.len(), 2, "{code}");
        assert!(!language.name().is_empty());
    }
    for name in ["qq-unknown", "", "C", "POSIX", "jav", "日本語"] {
        assert_eq!(name.parse::<Language>(), Err(UnknownLanguage), "{name}");
    }
    assert!(UnknownLanguage.to_string().starts_with("the language is not known; choose one of en, ja"));
}

#[test]
fn no_text_is_empty_or_left_in_english() {
    // What is the same in every language: names of file formats.
    const NAMES: [&str; 1] = ["format_csv"];
    let english = texts(Language::En);
    for language in Language::ALL {
        for (key, text) in texts(*language) {
            assert!(!text.trim().is_empty(), "{language:?} {key}");
            let is_english = english.iter().any(|(known, theirs)| *known == key && *theirs == text);
            assert!(
                *language == Language::En || !is_english || NAMES.contains(&key.as_str()),
                "{language:?} {key}"
            );
        }
    }
}

#[test]
fn a_form_for_one_thing_is_there_where_the_language_has_it() {
    for language in Language::ALL {
        let has_one = texts(*language).iter().any(|(key, _)| key.ends_with(".one"));
        assert_eq!(has_one, language.has_singular(), "{language:?}");
    }
}

#[test]
fn japanese_says_leaked_not_leaking() {
    for (key, text) in texts(Language::Ja) {
        assert!(!text.contains("漏洩") && !text.contains("漏えい"), "{key}: {text}");
    }
}

/// What the contract has to the letter.
#[test]
fn japanese_messages_to_the_letter() {
    let ja = Language::Ja.passwords();
    assert_eq!(
        ja.exposed(),
        "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。ほかのサービスで使っていない、別のパスワードを設定してください。"
    );
    assert_eq!(ja.exposed_count(17), "流出データの中で 17 回確認されています。");
    assert_eq!(ja.exposed_count(52_256_179), "流出データの中で 52,256,179 回確認されています。");
    assert_eq!(
        ja.exposed_form(),
        "このパスワードは、全角と半角などの表記の違いを除くと、過去に流出したパスワードと同じです。別のパスワードを設定してください。"
    );
    assert_eq!(ja.too_short(15, 8), "パスワードが短すぎます。15文字以上で設定してください（現在8文字）。");
    assert_eq!(ja.too_long(1024), "パスワードが長すぎます。1024文字以内で設定してください。");
    assert_eq!(
        ja.context_word(),
        "ユーザー名、メールアドレス、サービス名などから推測されやすいパスワードは使用できません。別のパスワードを設定してください。"
    );
    assert_eq!(
        ja.similar_exposed(),
        "過去に流出したパスワードとよく似ているため、推測されるおそれがあります。別のパスワードを設定してください。"
    );
    assert_eq!(
        ja.exposed_pair(),
        "このユーザー名またはメールアドレスとパスワードの組み合わせは、流出が確認されているログイン情報の一覧に含まれているため使用できません。ほかのサービスで使っていない、別のパスワードを設定してください。"
    );
    assert_eq!(
        ja.repetitive(),
        "同じ文字の繰り返しや連続した文字は推測されやすいため、避けることをおすすめします。"
    );
    assert_eq!(
        ja.index_unavailable(),
        "現在、パスワードの安全性を確認できません。しばらくしてからもう一度お試しください。"
    );
    assert_eq!(
        ja.force_reset_by_administrator(),
        "安全のため、パスワードの再設定が必要です。管理者に再設定を依頼してください。"
    );
    assert_eq!(
        ja.force_reset(),
        "安全のため、パスワードの再設定が必要です。ご登録のメールアドレスにお送りしたご案内に沿って、再設定してください。"
    );
    assert_eq!(ja.help_text(), "過去に流出したことが確認されているパスワードは使用できません。");
}

#[test]
fn one_thing_and_several() {
    let en = Language::En;
    assert_eq!(en.passwords().help_length(1), "A password must have at least 1 character.");
    assert_eq!(en.passwords().help_length(15), "A password must have at least 15 characters.");
    assert_eq!(
        en.passwords().too_short(1, 0),
        "This password is too short. Please use at least 1 character (it has 0)."
    );
    // The first number decides, not any.
    assert_eq!(
        en.passwords().too_short(15, 1),
        "This password is too short. Please use at least 15 characters (it has 1)."
    );
    assert_eq!(en.passwords().too_long(1), "This password is too long. Please use at most 1 character.");
    assert_eq!(en.reports().band_from(1), "once or more");
    assert_eq!(en.passwords().exposed_count(52_256_179), "It was seen 52,256,179 times in leaked data.");
    assert_eq!(en.reports().band_exactly(1), "seen once");
    assert_eq!(en.reports().band_from(10_000), "10,000 times or more");
    assert_eq!(
        en.command().exposed_count("a.bdx", 1),
        "this password is in a.bdx, seen once; choose another."
    );
    assert_eq!(Language::Ja.reports().unlisted(1), "ほか 1 件");
}
