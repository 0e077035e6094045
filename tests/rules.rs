//! Which test holds which of the numbered rules R1..R128 (specifications, regulators, attacks), and which rules no test
//! can hold. Rules of parts that are not built yet are not listed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// What holds a rule.
enum Cover {
    /// These test functions, as `file::name`: the file below `tests`, or the module below `src`.
    Tests(&'static [&'static str]),
    /// It says how the world is; nothing in this crate could break it.
    Fact(&'static str),
    /// The design decides otherwise, or gives it to a later part.
    NotHere(&'static str),
}

use Cover::{Fact, NotHere, Tests};

/// The rules of the parts that are built.
const LISTED: &[(u32, u32)] = &[(1, 7), (15, 21), (24, 64), (66, 128)];

const RULES: &[(u32, &str, Cover)] = &[
    // Do Not Track.
    (1, "the grammar of DNT", Tests(&["signals::dnt_is_read_as_the_specification_says"])),
    (2, "1, 0, absent", Tests(&["signals::dnt_is_read_as_the_specification_says", "signals::dnt_zero_is_no_consent"])),
    (
        3,
        "everything else is unset, without a panic",
        Tests(&[
            "signals::dnt_is_read_as_the_specification_says",
            "hostile::any_bytes_in_any_header_that_the_layer_reads",
        ]),
    ),
    (4, "several copies: any objection counts", Tests(&["signals::dnt_is_read_as_the_specification_says"])),
    (
        5,
        "blanks around it, every copy, as bytes",
        Tests(&[
            "signals::dnt_is_read_as_the_specification_says",
            "hostile::any_bytes_in_any_header_that_the_layer_reads",
        ]),
    ),
    (
        6,
        "DNT: 0 is no consent",
        Tests(&["signals::dnt_zero_is_no_consent", "decision::every_answer_is_what_the_plain_rules_say"]),
    ),
    (
        7,
        "the header stays for the application",
        Tests(&[
            "signals::a_signal_turns_off_what_the_policy_says",
            "oracle::request_lines_keep_exactly_what_the_oracle_keeps",
        ]),
    ),
    // Global Privacy Control.
    (15, "exactly 1", Tests(&["signals::gpc_is_exactly_one"])),
    (16, "several fields", Tests(&["signals::gpc_is_exactly_one"])),
    (17, "the joined form", Tests(&["signals::gpc_is_exactly_one"])),
    (
        18,
        "the header stays",
        Tests(&[
            "signals::a_signal_turns_off_what_the_policy_says",
            "oracle::request_lines_keep_exactly_what_the_oracle_keeps",
        ]),
    ),
    (19, "what it turns off is the policy's", Tests(&["signals::a_signal_turns_off_what_the_policy_says"])),
    (
        20,
        "/.well-known/gpc.json",
        Tests(&["pages/well_known::what_it_says", "pages/well_known::methods", "pages/well_known::beside_the_pages"]),
    ),
    (
        21,
        "on every kind of request",
        Tests(&[
            "signals::a_signal_turns_off_what_the_policy_says",
            "browser/choices::global_privacy_control_is_obeyed_and_named",
        ]),
    ),
    // Set-Cookie as browsers read it.
    (
        24,
        "bytes that end a line's hope",
        Tests(&[
            "policy::every_bad_policy_is_refused_with_its_place_and_value",
            "hostile::any_bytes_in_any_header_that_the_layer_reads",
            "visitor::lines_are_stored_as_browsers_store_them",
        ]),
    ),
    (
        25,
        "up to the first semicolon",
        Tests(&["src/cookies/set_cookie::names_are_split_as_browsers_split_them", "response::every_line_is_judged"]),
    ),
    (
        26,
        "nameless without `=`",
        Tests(&[
            "src/cookies/set_cookie::names_are_split_as_browsers_split_them",
            "oracle::the_oracle_knows_the_examples_of_the_documents",
            "response::every_line_is_judged",
        ]),
    ),
    (
        27,
        "only SP and HTAB are blanks",
        Tests(&[
            "src/cookies/set_cookie::names_are_split_as_browsers_split_them",
            "oracle::response_lines_are_exactly_those_of_the_oracle",
        ]),
    ),
    (
        28,
        "nothing at all, or more than 4096 bytes",
        Tests(&[
            "response::every_line_is_judged",
            "visitor::lines_are_stored_as_browsers_store_them",
            "policy::limits_are_exact",
        ]),
    ),
    (
        29,
        "attributes: the last one, at most 1024 bytes",
        Tests(&[
            "src/cookies/set_cookie::an_attribute_of_more_than_1024_bytes_is_ignored",
            "oracle::response_lines_are_exactly_those_of_the_oracle",
        ]),
    ),
    (
        30,
        "Max-Age",
        Tests(&[
            "src/cookies/set_cookie::only_what_a_browser_deletes_is_a_deletion",
            "response::deletions_pass",
            "visitor::lifetimes_end_when_browsers_end_them",
        ]),
    ),
    (
        31,
        "Expires",
        Tests(&[
            "src/cookies/date::dates_are_read_as_browsers_read_them",
            "oracle::a_refused_cookie_leaves_only_if_its_expires_is_past_for_browsers",
        ]),
    ),
    (32, "Path and Domain", Tests(&["visitor::lines_are_stored_as_browsers_store_them"])),
    (
        33,
        "Secure, SameSite=None, Partitioned",
        Tests(&[
            "policy::every_bad_policy_is_refused_with_its_place_and_value",
            "visitor::lines_are_stored_as_browsers_store_them",
        ]),
    ),
    (
        34,
        "name prefixes",
        Tests(&[
            "policy::every_bad_policy_is_refused_with_its_place_and_value",
            "response::the_gate_moves_in_the_same_response",
            "visitor::lines_are_stored_as_browsers_store_them",
        ]),
    ),
    (
        35,
        "names by case",
        Tests(&[
            "response::every_line_is_judged",
            "src/policy/matcher::exact_beats_prefix_and_the_longest_prefix_wins",
        ]),
    ),
    (
        36,
        "other bytes than ASCII",
        Tests(&["response::every_line_is_judged", "oracle::response_lines_are_exactly_those_of_the_oracle"]),
    ),
    (
        37,
        "no line is skipped because a parser cannot read it",
        Tests(&[
            "response::every_line_is_judged",
            "hostile::any_bytes_in_any_header_that_the_layer_reads",
            "oracle::response_lines_are_exactly_those_of_the_oracle",
        ]),
    ),
    (
        38,
        "nameless cookies are never essential",
        Tests(&["response::every_line_is_judged", "oracle::request_lines_keep_exactly_what_the_oracle_keeps"]),
    ),
    (
        39,
        "what passes keeps bytes, order and line",
        Tests(&[
            "foreign_layers::tower_cookies",
            "foreign_layers::tower_sessions_with_other_cookies_of_the_handler",
            "oracle::response_lines_are_exactly_those_of_the_oracle",
        ]),
    ),
    (
        40,
        "on every status, whoever wrote the line",
        Tests(&[
            "response::every_status_is_filtered",
            "foreign_layers::cookies_on_errors_redirects_and_unknown_routes",
            "foreign_layers::outermost_covers_the_session_layer",
        ]),
    ),
    (41, "the grammar of our own lines", Tests(&["consent_cookie::it_is_small_and_made_of_cookie_octets"])),
    (
        42,
        "where the cookie crate differs from browsers",
        Tests(&["response::deletions_pass", "src/cookies/set_cookie::only_what_a_browser_deletes_is_a_deletion"]),
    ),
    (
        43,
        "a whole jar, and small headers of our own",
        Tests(&["crumbs::many_crumbs", "expiry::the_rest_follows_with_the_next_page"]),
    ),
    (
        44,
        "partitioned cookies",
        Tests(&["expiry::each_cookie_ends_at_its_declared_scopes", "visitor::deletions_reach_exactly_one_cookie"]),
    ),
    (45, "SameSite absent", Fact("what a browser takes for Lax is its own affair; our own lines always say SameSite")),
    // The Cookie header.
    (46, "crumbs", Tests(&["crumbs::crumbs_lose_what_is_refused", "crumbs::the_consent_cookie_counts_in_any_crumb"])),
    (47, "several fields", Tests(&["crumbs::crumbs_lose_what_is_refused", "expiry::a_name_shown_twice_ends_once"])),
    (
        48,
        "how a line is split",
        Tests(&[
            "src/cookies/pairs::lines_are_split_at_semicolons_only",
            "oracle::request_lines_keep_exactly_what_the_oracle_keeps",
        ]),
    ),
    (
        49,
        "default deny",
        Tests(&[
            "response::unknown_cookies_go_as_the_policy_says",
            "oracle::request_lines_keep_exactly_what_the_oracle_keeps",
        ]),
    ),
    (
        50,
        "no reader sees a name that is not allowed",
        Tests(&[
            "readers::no_reader_sees_a_name_that_is_not_allowed",
            "readers::where_unknown_names_pass_only_refused_ones_go",
        ]),
    ),
    (
        51,
        "a bad pair hides no good one",
        Tests(&["readers::named_attacks_leave_exactly_the_allowed_names", "crumbs::crumbs_lose_what_is_refused"]),
    ),
    (
        52,
        "nothing hangs on the order",
        Tests(&[
            "crumbs::the_consent_cookie_counts_in_any_crumb",
            "consent_cookie::a_second_cookie_that_differs_makes_both_worthless",
        ]),
    ),
    (
        53,
        "duplicates of our own cookie",
        Tests(&[
            "consent_cookie::a_second_cookie_that_differs_makes_both_worthless",
            "oracle::request_lines_with_a_second_consent_cookie",
            "tokens/bearer::two_that_differ_are_nobody",
        ]),
    ),
    (
        54,
        "large headers, in linear time (the layer itself refuses none)",
        Tests(&[
            "hostile::large_cookie_lines_are_filtered_like_small_ones",
            "hostile::more_lines_cost_in_proportion",
            "allocations::stripping_costs_the_same_for_any_number_of_cookies",
            "attacks/sizes::ten_thousand_tiny_cookies",
            "attacks/sizes::heads_up_to_the_limits_of_the_server",
            "attacks/work::work_grows_with_the_request_and_not_with_its_square",
        ]),
    ),
    // Deleting.
    (
        55,
        "the same name, domain, path, partition",
        Tests(&["expiry::each_cookie_ends_at_its_declared_scopes", "visitor::deletions_reach_exactly_one_cookie"]),
    ),
    (56, "the form of a deletion", Tests(&["expiry::each_cookie_ends_at_its_declared_scopes"])),
    (
        57,
        "what only looks like a deletion",
        Tests(&[
            "response::deletions_pass",
            "src/cookies/set_cookie::only_what_a_browser_deletes_is_a_deletion",
            "foreign_layers::deletions_of_refused_cookies_pass",
        ]),
    ),
    (
        58,
        "scopes: those that the rule declares, not every parent (DESIGN 3)",
        Tests(&["expiry::each_cookie_ends_at_its_declared_scopes", "expiry::the_next_request_is_clean"]),
    ),
    (59, "cookies of a path", NotHere("DESIGN 3: only declared scopes; a rule names the path of such a cookie")),
    (
        60,
        "a cap on lines and bytes",
        Tests(&["expiry::the_rest_follows_with_the_next_page", "attacks/sizes::ten_thousand_tiny_cookies"]),
    ),
    (
        61,
        "nameless cookies",
        NotHere("DESIGN 3: only names that a rule declares are expired; nameless ones are stripped"),
    ),
    (
        62,
        "HttpOnly cookies go over HTTP",
        Tests(&[
            "expiry::a_withdrawal_empties_the_browser",
            "browser/choices::after_a_withdrawal_every_cookie_goes_however_many_there_are",
        ]),
    ),
    (
        63,
        "only what was shown, and not for ever",
        Tests(&["expiry::the_next_request_is_clean", "expiry::only_what_the_request_showed_is_expired"]),
    ),
    (
        64,
        "Clear-Site-Data without the cookies",
        Tests(&[
            "tokens/logout::clear_site_data_leaves_the_cookies",
            "tokens/consent::a_log_out_does_not_touch_the_choice",
        ]),
    ),
    // Attacks.
    (
        66,
        "nameless cookies",
        Tests(&[
            "readers::no_reader_sees_a_name_that_is_not_allowed",
            "response::every_line_is_judged",
            "attacks/cookies::r66_nameless_cookies_pass_in_neither_direction",
        ]),
    ),
    (
        67,
        "disguised prefixes",
        Tests(&[
            "readers::named_attacks_leave_exactly_the_allowed_names",
            "src/cookies/disguise::blanks_and_percent_signs_are_seen_through",
            "attacks/cookies::r67_disguised_names_are_not_taken_for_others",
        ]),
    ),
    (
        68,
        "$Version and the cookie sandwich",
        Tests(&[
            "readers::named_attacks_leave_exactly_the_allowed_names",
            "response::every_line_is_judged",
            "attacks/cookies::r68_a_cookie_sandwich_comes_apart",
        ]),
    ),
    (
        69,
        "tossed cookies",
        Tests(&[
            "consent_cookie::a_second_cookie_that_differs_makes_both_worthless",
            "consent_cookie::it_is_written_with_every_attribute",
            "attacks/sessions::r69_a_tossed_copy_wins_nothing",
        ]),
    ),
    (
        70,
        "quotes",
        Tests(&[
            "readers::named_attacks_leave_exactly_the_allowed_names",
            "attacks/cookies::r70_quotes_hide_no_cookie",
        ]),
    ),
    (
        71,
        "percent-encoded names",
        Tests(&[
            "readers::named_attacks_leave_exactly_the_allowed_names",
            "response::a_prefix_rule_is_no_hole",
            "attacks/cookies::r71_percent_encoded_names_are_not_taken_for_others",
        ]),
    ),
    (
        72,
        "lines and crumbs that hide others",
        Tests(&[
            "crumbs::crumbs_lose_what_is_refused",
            "readers::no_reader_sees_a_name_that_is_not_allowed",
            "attacks/cookies::r72_lines_and_crumbs_hide_nothing",
        ]),
    ),
    (
        73,
        "forged consent",
        Tests(&[
            "consent_cookie::only_the_policys_keys_are_believed",
            "demo/main::consent_from_another_site_is_refused_and_a_refusal_is_not",
            "browser/choices::another_site_can_refuse_for_a_visitor_and_not_consent",
            "attacks/forging::r73_a_written_cookie_is_no_consent",
            "attacks/forging::r73_without_a_key_only_the_exact_name_counts",
            "attacks/forging::r73_no_request_of_others_gives_consent",
        ]),
    ),
    (
        74,
        "fixed sessions",
        Tests(&[
            "tokens/attacks::a_planted_token_is_dead_after_the_sign_in",
            "tokens/attacks::only_issued_tokens_are_taken",
            "tokens/attacks::a_token_in_a_url_or_a_body_is_nothing",
            "attacks/sessions::r74_a_fixed_session_is_dead_after_the_sign_in",
            "attacks/sessions::r74_a_token_counts_in_no_other_place",
            "attacks/sessions::r74_a_replay_after_the_log_out_is_nobody",
            "attacks/sessions::r74_oversized_and_many_tokens_do_not_reach_the_store",
            "attacks/sessions::r74_an_evicted_refusal_opens_nothing",
        ]),
    ),
    // Caches.
    (
        75,
        "Set-Cookie does not stop a cache",
        Tests(&[
            "caches::cache_control_is_merged",
            "caches::only_personal_answers_change",
            "caches::targeted_fields_are_brought_in_line",
        ]),
    ),
    (
        76,
        "Vary on all variants",
        Tests(&["caches::vary_is_merged", "caches::only_personal_answers_change", "caches::regions_are_named"]),
    ),
    (77, "Vary is merged", Tests(&["caches::vary_is_merged"])),
    (
        78,
        "Cache-Control is never weaker",
        Tests(&["caches::cache_control_is_merged", "caches::other_answers_keep_their_headers"]),
    ),
    (79, "statuses that are cached unasked", Tests(&["caches::every_status_is_treated_alike"])),
    (80, "304", Tests(&["caches::every_status_is_treated_alike", "response::every_status_is_filtered"])),
    (81, "inner caches", Tests(&["caches::inner_caches_key_on_the_outcome"])),
    // Other header fields.
    (82, "interfaces of advertising are closed", Tests(&["hide::advertising_interfaces_are_closed_on_request"])),
    (
        83,
        "fields that start tracking without cookies",
        Tests(&["hide::answers_that_start_tracking", "hide::hints_that_are_asked_for"]),
    ),
    (84, "ETag as a cookie", Fact("it says what the layer does not reach; manual::deployment says so to its users")),
    // Consent, asked for and remembered.
    (
        85,
        "nothing is stored or read before consent",
        Tests(&[
            "oracle::request_lines_keep_exactly_what_the_oracle_keeps",
            "oracle::response_lines_are_exactly_those_of_the_oracle",
        ]),
    ),
    (
        86,
        "a clear act: nothing is ticked, silence is no consent",
        Tests(&["src/endpoint/look/tests/mod::nothing_is_ticked_beforehand", "signals::dnt_zero_is_no_consent"]),
    ),
    (
        87,
        "a decision for each purpose; what comes later is not covered",
        Tests(&["consent_cookie::a_choice_names_everything_that_was_offered", "revisions::taking_note_widens_nothing"]),
    ),
    (
        88,
        "refusing is as easy as accepting",
        Tests(&["src/endpoint/look/tests/mod::accepting_and_rejecting_look_alike"]),
    ),
    (
        89,
        "withdrawal at any time, in force with the answer",
        Tests(&[
            "expiry::a_withdrawal_empties_the_browser",
            "records/failing::a_withdrawal_takes_effect_and_is_written_when_the_store_is_back",
        ]),
    ),
    (
        90,
        "a refusal is remembered, and not asked about before its period ends",
        Tests(&["revisions::a_refusal_holds_its_full_period_and_is_asked_after_it"]),
    ),
    (
        91,
        "only a material revision asks anew; a refusal stays",
        Tests(&[
            "revisions::a_material_revision_closes_grants_and_asks_anew",
            "revisions::a_refusal_stays_and_is_only_told",
            "revisions::a_notice_keeps_every_choice_and_is_shown_until_seen",
        ]),
    ),
    (
        92,
        "expired is neither consent nor refusal; the future is no consent",
        Tests(&["decision::periods_end_on_the_calendar", "decision::a_clock_that_is_a_day_off_does_no_harm"]),
    ),
    (93, "exempt until objected", Tests(&["decision::every_answer_has_its_reason"])),
    (94, "a proposal, not law", NotHere("signals are a table of their own, so that another can be added")),
    (95, "an itemised notice, and proof", Tests(&["pages/choices::the_text_that_was_shown_is_on_record"])),
    // Opt-out laws.
    (
        96,
        "a signal is an opt-out of the browser and of the known person",
        Tests(&[
            "signals::a_signal_turns_off_what_the_policy_says",
            "records/account::a_signal_is_written_to_the_account_once",
        ]),
    ),
    (
        97,
        "a choice in knowledge of the signal beats it",
        Tests(&["decision::a_choice_in_knowledge_of_the_signal_beats_it"]),
    ),
    (
        98,
        "the opt-out stays with the account",
        Tests(&[
            "records/account::it_holds_when_the_signal_is_absent_later_and_after_the_log_out",
            "records/account::it_closes_what_another_browser_granted_before",
            "records/account::it_reaches_a_session_that_is_under_way",
            "records/account::a_choice_that_was_made_after_it_stands",
        ]),
    ),
    (
        99,
        "it is shown that the signal was honoured",
        Tests(&[
            "src/endpoint/look/tests/mod::a_signal_is_answered_in_words",
            "pages/fragments::an_opt_out_region",
            "pages/api::the_state",
        ]),
    ),
    (
        100,
        "twelve months of rest, two steps back in, requests kept for 24 months",
        Tests(&[
            "revisions::who_opted_out_is_left_alone_for_a_year",
            "records/choices::opting_in_after_an_opt_out_takes_a_second_step",
            "pages/choices::a_second_step_after_an_opt_out",
            "records/retention::requests_go_at_their_second",
        ]),
    ),
    (101, "a banner alone is no way to opt out", Tests(&["pages/fragments::an_opt_out_region"])),
    (102, "in which states a signal counts", Fact("a country header names no state: signals count in all of the US")),
    (103, "symmetry of choice", Tests(&["src/endpoint/look/tests/mod::accepting_and_rejecting_look_alike"])),
    // The consent cookie and its periods.
    (
        104,
        "the day and not the second, no id",
        Tests(&[
            "consent_cookie::it_tells_no_two_visitors_apart",
            "consent_cookie::it_is_written_with_every_attribute",
        ]),
    ),
    (
        105,
        "six months, at most 13, and no Max-Age above 400 days",
        Tests(&[
            "decision::periods_end_on_the_calendar",
            "policy::limits_are_exact",
            "consent_cookie::a_refusal_never_lapses_where_a_regime_can_be_opt_out",
        ]),
    ),
    (
        106,
        "months on the calendar, and no sliding",
        Tests(&[
            "src/policy/lifetime::calendar_months_end_on_a_day_that_exists",
            "decision::periods_end_on_the_calendar",
            "consent_cookie::a_refusal_never_lapses_where_a_regime_can_be_opt_out",
        ]),
    ),
    (
        107,
        "at equality it has expired",
        Tests(&["decision::periods_end_on_the_calendar", "visitor::time_passes_for_the_visitor_and_the_site_alike"]),
    ),
    (108, "what is exempt: criteria", Fact("they classify cookies; which are essential is the site's to say")),
    (109, "what is exempt: a list", Fact("it classifies cookies; presets follow it")),
    (110, "essential, exempt until objected, asked for", Tests(&["decision::every_answer_has_its_reason"])),
    (
        111,
        "what is never exempt",
        Fact("which cookies are essential is the site's to say; no preset calls one of these essential"),
    ),
    (
        112,
        "a form that ends with the browser",
        Tests(&[
            "tokens/cookie::it_is_set_with_exactly_these_attributes",
            "tokens/rotation::a_new_secret_and_nothing_else",
        ]),
    ),
    (
        113,
        "consent can be demonstrated, with these fields and no others",
        Tests(&[
            "records/choices::a_grant_is_on_record_with_everything_that_proves_it",
            "records/rights::the_fields_of_an_event_are_those_that_are_documented",
        ]),
    ),
    (
        114,
        "the text that was shown is kept once, by its hash",
        Tests(&[
            "records/choices::a_grant_is_on_record_with_everything_that_proves_it",
            "pages/choices::the_text_that_was_shown_is_on_record",
        ]),
    ),
    (
        115,
        "append-only, before it acts; a grant fails closed, a withdrawal does not fail",
        Tests(&[
            "records/failing::a_grant_is_not_given_where_no_record_can_be_written",
            "records/failing::a_withdrawal_takes_effect_and_is_written_when_the_store_is_back",
            "records/choices::a_withdrawal_is_a_new_event_of_the_same_record",
            "records/chain::what_was_dropped_inserted_or_moved_is_found",
            "stores/proofs::redb_through_kills",
            "stores/proofs::redis_through_kills",
            "stores/proofs::postgres_through_kills",
        ]),
    ),
    (
        116,
        "records end",
        Tests(&[
            "records/retention::consent_records_go_at_their_second",
            "records/retention::texts_go_with_the_last_record_that_names_them",
            "records/retention::counters_go_by_the_day",
            "records/retention::nobody_has_to_ask_for_a_purge",
        ]),
    ),
    (
        117,
        "logs hold no values",
        Tests(&["reports::no_value_is_told", "visits/scan::ten_thousand_visits_leave_nothing_of_who_did_not_agree"]),
    ),
    (
        118,
        "the consent cookie",
        Tests(&[
            "consent_cookie::it_is_written_with_every_attribute",
            "consent_cookie::what_is_not_the_format_is_undecided",
            "consent_cookie::reading_is_total_and_noise_is_no_grant",
            "policy::the_largest_consent_cookie_is_as_large_as_reckoned",
        ]),
    ),
    // Tokens.
    (119, "256 bits as base64url", Tests(&["tokens/secret::it_is_256_random_bits"])),
    (
        120,
        "the store has only the hash, and finds by it",
        Tests(&["tokens/secret::the_store_sees_only_the_digest", "architecture::a_token_has_no_way_out_but_one"]),
    ),
    (
        121,
        "seven days by the server's clock",
        Tests(&[
            "tokens/life::seven_days_from_the_issue_used_or_not",
            "tokens/life::a_store_with_a_wrong_clock_ends_nothing_early",
            "tokens/life::inside_a_consent_layer_the_shorter_life_wins",
            "tokens/life::standing_down_prolongs_nothing",
        ]),
    ),
    (
        122,
        "the cookie, and nowhere else",
        Tests(&[
            "tokens/cookie::it_is_set_with_exactly_these_attributes",
            "tokens/attacks::a_token_in_a_url_or_a_body_is_nothing",
            "tokens/secret::nothing_prints_it",
        ]),
    ),
    (
        123,
        "a new token at sign-in; unknown, ended and malformed are one (times are not measured)",
        Tests(&[
            "tokens/attacks::a_planted_token_is_dead_after_the_sign_in",
            "tokens/attacks::unknown_ended_and_malformed_are_one",
            "tokens/attacks::any_bytes_in_the_fields_that_it_reads",
        ]),
    ),
    (
        124,
        "log-out: the store first, once and for all",
        Tests(&[
            "tokens/logout::it_is_gone",
            "tokens/logout::the_store_comes_first",
            "tokens/logout::it_is_idempotent",
            "tokens/failures::a_log_out_that_fails_changes_nothing",
            "tokens/races::nothing_passes_after_a_log_out",
            "tokens/races::rotations_and_log_outs",
        ]),
    ),
    (
        125,
        "all sessions of a subject, and ended ones purged",
        Tests(&[
            "tokens/logout::everywhere_is_everywhere_and_only_ones_own",
            "tokens/sessions::one_of_ones_own_can_be_ended",
            "tokens/sessions::the_latest_first_and_only_live_ones",
            "tokens/life::a_store_with_a_wrong_clock_ends_nothing_early",
        ]),
    ),
    (
        126,
        "an idle limit and a shorter life",
        Tests(&["tokens/life::an_idle_limit_ends_what_is_not_used", "tokens/life::a_shorter_life"]),
    ),
    (
        127,
        "tokens and consent do not hang on each other",
        Tests(&[
            "tokens/consent::it_is_essential_by_itself",
            "tokens/consent::a_withdrawal_does_not_log_out",
            "tokens/consent::a_log_out_does_not_touch_the_choice",
        ]),
    ),
    (
        128,
        "answers of signed-in visitors",
        Tests(&["tokens/caches::cache_control_is_merged", "tokens/caches::refusals_are_personal_too"]),
    ),
];

/// The policies whose lines are the promises, each with the module that has a test for each of its lines; and the lines that
/// no server can keep, which stand on the pages as text.
const POLICIES: [(char, &str, u32); 5] = [
    ('C', "policies/capsolver", 14),
    ('T', "policies/two_captcha", 9),
    ('B', "policies/browsec", 6),
    ('L', "policies/filehost", 6),
    ('M', "policies/vendor", 6),
];
const TEXT_ALONE: [&str; 3] = ["C14", "B4", "M5"];

/// What else shows the promises of the five policies, beside the test that carries the line's number.
const PROMISES: &[(&str, &str, &[&str])] = &[
    (
        "C1",
        "reject all, or allow only these; sign-in goes on working",
        &["pages/choices::the_main_way", "pages/choices::switches", "tokens/consent::a_withdrawal_does_not_log_out"],
    ),
    (
        "C2",
        "without cookies: no loop, no error, and the page says so",
        &["pages/choices::a_browser_that_keeps_no_cookies"],
    ),
    (
        "C8",
        "consent for each named third party",
        &["decision::every_answer_is_what_the_plain_rules_say", "pages/choices::switches"],
    ),
    (
        "C9",
        "kept no longer than said, and not beyond the account",
        &[
            "records/retention::consent_records_go_at_their_second",
            "records/retention::requests_go_at_their_second",
            "records/retention::counters_go_by_the_day",
            "records/retention::texts_go_with_the_last_record_that_names_them",
            "records/retention::nobody_has_to_ask_for_a_purge",
            "records/rights::erasure_takes_tokens_and_records_and_nothing_of_others",
        ],
    ),
    (
        "C10",
        "confirm, access, rectify, delete, restrict, port, object, withdraw",
        &[
            "records/rights::an_export_holds_everything_that_is_stored_of_an_account",
            "records/rights::a_correction_is_added_and_writes_over_nothing",
            "pages/rights::an_export",
            "pages/rights::an_erasure",
            "pages/rights::an_objection",
            "pages/rights::a_correction",
            "pages/rights::who_may_ask",
        ],
    ),
    (
        "C11",
        "a closed account takes its data along",
        &["records/rights::erasure_takes_tokens_and_records_and_nothing_of_others"],
    ),
    (
        "C12",
        "requests carry their due day: 30 days, or 15 working days",
        &["records/rights::requests_carry_their_due_day", "records/rights::due_days_are_counted_as_the_calendar_says"],
    ),
    (
        "C13",
        "a substantial change is told, consent is asked anew, and use can wait for it",
        &["revisions::a_material_revision_closes_grants_and_asks_anew", "pages/gate::through_and_held"],
    ),
    (
        "T2",
        "refusing is always possible, and leaves no identifier",
        &[
            "pages/choices::a_refusal_leaves_no_number",
            "records/choices::a_refusal_without_an_earlier_grant_is_counted_and_leaves_no_record",
        ],
    ),
    ("T4", "as C2", &["pages/choices::a_browser_that_keeps_no_cookies"]),
    (
        "T7",
        "revision and day are shown; a small change keeps consent and is told",
        &["revisions::a_notice_keeps_every_choice_and_is_shown_until_seen", "pages/pages::another_policy_is_published"],
    ),
    ("B5", "as T7", &["revisions::a_notice_keeps_every_choice_and_is_shown_until_seen"]),
    (
        "L5",
        "a change widens no old consent",
        &[
            "revisions::a_policy_can_keep_the_old_scope_and_ask_for_what_is_new",
            "revisions::taking_note_widens_nothing",
        ],
    ),
    (
        "L6",
        "a new policy is told until it was seen",
        &["revisions::a_notice_keeps_every_choice_and_is_shown_until_seen", "pages/choices::a_notice_is_noted"],
    ),
    (
        "M6",
        "as C13 and T7",
        &["revisions::a_material_revision_closes_grants_and_asks_anew", "pages/gate::through_and_held"],
    ),
    (
        "C3",
        "signals: no cookie is placed and nothing is tracked",
        &[
            "tokens/signals::a_sign_in_gives_a_bearer_token",
            "browser/strict::do_not_track_to_the_letter_leaves_the_jar_empty",
            "browser/strict::global_privacy_control_to_the_letter_leaves_the_jar_empty_in_firefox",
        ],
    ),
    (
        "C4",
        "tokens, so that nobody need log in each time",
        &["tokens/secret::it_is_256_random_bits", "tokens/cookie::it_is_set_with_exactly_these_attributes"],
    ),
    ("C5", "seven days", &["tokens/life::seven_days_from_the_issue_used_or_not"]),
    ("C6", "gone at the log-out", &["tokens/logout::it_is_gone", "tokens/races::nothing_passes_after_a_log_out"]),
    ("B6", "nothing outside of a request", &["browser/strict::nothing_is_sent_that_the_visitor_did_not_ask_for"]),
    (
        "C7",
        "the log holds these of who may be tracked alone",
        &["visits/scan::ten_thousand_visits_leave_nothing_of_who_did_not_agree"],
    ),
    ("T3", "families in totals", &["counts/counting::pages_browsers_and_systems_are_of_who_may_be_tracked"]),
    ("T5", "nobody is singled out", &["counts/attack::nothing_that_is_hidden_can_be_worked_out"]),
    (
        "T8",
        "no secret in the clear",
        &["tokens/secret::the_store_sees_only_the_digest", "tokens/secret::nothing_prints_it"],
    ),
];

/// Each line has a test that is named by its number, in the module of its policy, and is run.
#[test]
fn every_promise_has_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let read = |file: &str| fs::read_to_string(root.join(format!("{file}.rs"))).unwrap_or_default();
    let mut wrong = Vec::new();
    let mut kept = 0;
    for (letter, file, lines) in POLICIES {
        let source = read(file);
        let tests = tests_in(&source);
        for number in (1..=lines).map(|line| format!("{letter}{line}")) {
            let (has_test, is_text) = (tests.contains(&*number.to_lowercase()), TEXT_ALONE.contains(&&*number));
            match (has_test, is_text) {
                (true, false) => kept += 1,
                (false, true) => {}
                (true, true) => wrong.push(format!("{number} is text alone, and {file} has a test of it")),
                (false, false) => wrong.push(format!("{number}: {file} has no test of this name")),
            }
        }
    }
    for (number, about, tests) in PROMISES {
        assert!(!tests.is_empty(), "{number} ({about})");
        for test in *tests {
            let (file, name) = test.rsplit_once("::").unwrap();
            if !tests_in(&read(file)).contains(name) {
                wrong.push(format!("{number} ({about}): no test {test}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(kept, 38);
}

/// The names of the test functions in a Rust file, without those that are ignored.
fn tests_in(source: &str) -> BTreeSet<&str> {
    let (mut names, mut is_test) = (BTreeSet::new(), false);
    for line in source.lines().map(str::trim) {
        if matches!(line, "#[test]" | "#[tokio::test]") || line.starts_with("#[tokio::test(") {
            is_test = true;
        } else if line.starts_with("#[ignore") {
            is_test = false;
        } else if let Some(rest) = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn ")) {
            if let Some((name, _)) = rest.split_once('(').filter(|_| is_test) {
                names.insert(name);
            }
            is_test = false;
        } else if !(line.is_empty() || line.starts_with("#[") || line.starts_with("//")) {
            is_test = false;
        }
    }
    names
}

#[test]
fn every_rule_has_what_holds_it() {
    let expected: Vec<_> = LISTED.iter().flat_map(|(first, last)| *first..=*last).collect();
    let listed: Vec<_> = RULES.iter().map(|(number, ..)| *number).collect();
    assert_eq!(listed, expected, "every rule once, in order");

    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = BTreeMap::new();
    let mut wrong = Vec::new();
    for (number, about, cover) in RULES {
        let tests = match cover {
            Tests(tests) => *tests,
            Fact(why) | NotHere(why) => {
                assert!(why.len() > 10, "R{number} ({about}): says why");
                continue;
            }
        };
        assert!(!tests.is_empty(), "R{number} ({about}): names a test");
        for test in tests {
            let (file, name) = test.rsplit_once("::").unwrap_or((test, ""));
            let path = if file.starts_with("src/") { format!("{file}.rs") } else { format!("tests/{file}.rs") };
            let source = sources.entry(path.clone()).or_insert_with(|| fs::read_to_string(root.join(&path)));
            match source {
                Err(error) => wrong.push(format!("R{number} ({about}): {path}: {error}")),
                Ok(source) if !tests_in(source).contains(name) => {
                    wrong.push(format!("R{number} ({about}): {path} has no test {name}"));
                }
                Ok(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A function that is no test, or is not run, holds nothing.
#[test]
fn only_test_functions_count() {
    let source = "#[test]\nfn a() {}\nfn b() {}\n#[tokio::test]\n// why\n#[allow(x)]\nasync fn c() {}\n\
                  #[test]\nstruct X;\nfn d() {}\n/// #[test]\nfn e() {}\n#[test]\n#[ignore]\nfn g() {}\n    #[test]\n    fn f(noise in any()) {}";
    assert_eq!(tests_in(source).into_iter().collect::<Vec<_>>(), ["a", "c", "f"]);
}
