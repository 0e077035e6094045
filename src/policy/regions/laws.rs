//! Which regime holds in which country, with its source.
//!
//! No legal advice: it says what the developers read, and how good that source is. A site can say otherwise for every
//! country.

use crate::{category::Category, policy::Regime};

/// What one source says of some countries.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RegionLaw {
    /// ISO 3166-1 alpha-2 codes.
    pub countries: &'static [&'static str],
    /// What holds there where nobody has decided.
    pub regime: Regime,
    /// Which categories that law lets pass until the visitor objects, under [`Regime::OptInWithExemptions`].
    pub exempts: &'static [Category],
    /// The law, and how it was read: *text*, *summary* (somebody else's account), *memory*, or *own* (our conclusion).
    pub source: &'static str,
    /// The state of the law that is meant, as `YYYY-MM` or `YYYY-MM-DD`.
    pub as_of: &'static str,
}

const fn opt_in(countries: &'static [&'static str], source: &'static str, as_of: &'static str) -> RegionLaw {
    RegionLaw { countries, regime: Regime::OptIn, exempts: &[], source, as_of }
}

/// The presets. No code stands in two of them.
pub(super) const LAWS: &[RegionLaw] = &[
    // The EU. Spain (AEPD, January 2024), Italy (Garante, June 2021) and the Netherlands (Telecommunicatiewet Art. 11.7a)
    // are reported to exempt some first-party statistics too, each on conditions of its own: we read no primary text of
    // them, so that they are for the site to switch on.
    opt_in(
        &[
            "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
            "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
        ],
        "Directive 2002/58/EC Art. 5(3); CJEU C-673/17 (text, summary)",
        "2026-11",
    ),
    RegionLaw {
        countries: &["FR"],
        regime: Regime::OptInWithExemptions,
        exempts: &[Category::ANALYTICS],
        source: "Loi Informatique et Libertés Art. 82; CNIL, solutions pour les outils de mesure d'audience: audience \
                 measurement for the publisher alone, anonymous, with information and objection (text)",
        as_of: "2025-07-04",
    },
    opt_in(&["IS", "LI", "NO"], "EEA Agreement, Annex XI, which takes up Directive 2002/58/EC (memory)", "2026-11"),
    // Parts of member states with codes of their own, in which EU law holds. CNIL's exemption is not assumed for the French
    // ones: we read no source on it.
    opt_in(&["AX"], "TFEU Art. 355(4) (text)", "2026-11"),
    opt_in(&["GF", "GP", "MF", "MQ", "RE"], "TFEU Art. 349 and 355(1) (text)", "2026-11"),
    opt_in(&["YT"], "European Council Decision 2012/419/EU: an outermost region since 2014 (memory)", "2014-01-01"),
    RegionLaw {
        countries: &["GB"],
        regime: Regime::OptInWithExemptions,
        exempts: &[Category::ANALYTICS, Category::FUNCTIONAL],
        source: "PECR reg. 6 and Schedule A1, by Data (Use and Access) Act 2025 s. 112, in force by SI 2026/82 reg. 2(w): \
                 statistics and appearance, with information and objection (text of the commencement, summary of the \
                 exceptions)",
        as_of: "2026-02-05",
    },
    // Not the United Kingdom: its Act of 2025 does not reach them.
    opt_in(
        &["GI"],
        "Communications (Personal Data and Privacy) Regulations 2006 reg. 5; Gibraltar Regulatory Authority, May 2023 \
         (summary)",
        "2023-05-23",
    ),
    opt_in(
        &["GG", "IM", "JE"],
        "The rules of the United Kingdom do not extend to them, and are called best practice on the Isle of Man: the \
         strictest regime (summary, own)",
        "2012-06",
    ),
    opt_in(
        &["CH"],
        "Telecommunications Act Art. 45c(b) asks for information and a way to refuse; the FDPIC's guidelines on cookies \
         ask for consent where profiling or advertising goes far: the stricter one, unless the site says otherwise (summary)",
        "2025-10-06",
    ),
    opt_in(
        &["BR"],
        "LGPD; ANPD, Cookies e proteção de dados pessoais: consent for what is not necessary, and off by default; guidance, \
         no law (summary)",
        "2022-10-18",
    ),
    opt_in(
        &["IN"],
        "Digital Personal Data Protection Act s. 6 and Rules 2025, the main duties from 13 May 2027 (summary)",
        "2025-11-14",
    ),
    // The header names no state, so that the duty of some holds for all: Global Privacy Control is obeyed in the whole
    // country. The territories (AS, GU, MP, PR, UM, VI) have codes of their own, and no such law.
    RegionLaw {
        countries: &["US"],
        regime: Regime::OptOut,
        exempts: &[],
        source: "Cal. Civ. Code 1798.120, 1798.135; 11 CCR 7025-7028; laws of eleven other states (copy, summary)",
        as_of: "2026-01-01",
    },
];

/// The codes that ISO 3166-1 assigns (as of ISO/TC 46 N1108, 2023-04-05), and XK, which proxies use for Kosovo.
pub(super) const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP \
    KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT \
    MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ \
    UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";
