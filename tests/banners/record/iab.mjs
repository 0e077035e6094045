// Writes ../values/iab-tcf.json and ../values/iab-gpp.json with the IAB's own libraries: npm install, node iab.mjs.
//
// The vendor list is made up (of up to 900 vendors, who may ask for everything): nothing is fetched. Each string is read back by
// the library that wrote it before it is kept.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";

// Their package.json calls the CommonJS files modules or the other way round, by version: require takes what works.
const require = createRequire(import.meta.url);
const { GVL, TCModel, TCString, Segment, PurposeRestriction, RestrictionType } = require("@iabtcf/core");
const { GppModel } = require("@iabgpp/cmpapi");

const PURPOSES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const CATEGORIES = { functional: [1, 5, 6, 11], analytics: [1, 8, 9], marketing: [1, 2, 3, 4, 7] };
const WRITTEN = new Date("2026-11-22T00:00:00Z");
const range = (first, last, step = 1) =>
  Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);

const numbered = (ids, more = {}) =>
  Object.fromEntries(ids.map((id) => [id, { id, name: `${id}`, description: "", descriptionLegal: "", ...more }]));

function vendorList(policyVersion, listed) {
  return new GVL({
    gvlSpecificationVersion: 3,
    vendorListVersion: 173,
    tcfPolicyVersion: policyVersion,
    lastUpdated: "2026-11-19T16:00:00Z",
    purposes: numbered(PURPOSES),
    specialPurposes: {},
    features: {},
    specialFeatures: numbered([1, 2]),
    stacks: {},
    vendors: numbered(range(1, listed), {
      purposes: PURPOSES, legIntPurposes: [], flexiblePurposes: PURPOSES, specialPurposes: [], features: [], specialFeatures: [],
    }),
  });
}

const verdict = (purposes) => {
  const granted = Object.keys(CATEGORIES).filter((name) => CATEGORIES[name].every((purpose) => purposes.includes(purpose)));
  return {
    state: "decided",
    granted,
    refused: Object.keys(CATEGORIES).filter((name) => !granted.includes(name)),
    decided_at: WRITTEN.toISOString().replace(".000", ""),
  };
};

function tcf(name, choice, segments = [Segment.CORE, Segment.VENDORS_DISCLOSED, Segment.PUBLISHER_TC]) {
  const list = vendorList(choice.policyVersion ?? 5, choice.listed ?? 900);
  const model = new TCModel(list);
  const { purposes = [], vendors = [], listed = 900, publisher = [], interest = [] } = choice;
  model.cmpId = 300;
  model.cmpVersion = 7;
  model.consentScreen = 1;
  model.isServiceSpecific = choice.isServiceSpecific ?? true;
  model.publisherCountryCode = choice.country ?? "DE";
  model.purposeOneTreatment = choice.purposeOneTreatment ?? false;
  model.purposeConsents.set(purposes);
  model.purposeLegitimateInterests.set(interest);
  model.vendorConsents.set(vendors);
  model.vendorLegitimateInterests.set(choice.vendorInterest ?? []);
  model.publisherConsents.set(publisher);
  for (const purpose of choice.restricted ?? []) {
    for (const vendor of range(1, listed)) {
      model.publisherRestrictions.add(vendor, new PurposeRestriction(purpose, RestrictionType.NOT_ALLOWED));
    }
  }
  if (choice.custom) {
    model.numCustomPurposes = choice.custom.length;
    model.publisherCustomConsents.set(choice.custom.filter((purpose) => purpose % 2 === 1));
  }
  model.created = model.lastUpdated = WRITTEN;
  const string = TCString.encode(model, { segments });
  const back = TCString.decode(string);
  assert.equal(back.lastUpdated.getTime(), WRITTEN.getTime());
  for (const purpose of range(1, 24)) {
    assert.equal(back.purposeConsents.has(purpose), purposes.includes(purpose));
  }
  for (const vendor of range(1, 901)) {
    assert.equal(back.vendorConsents.has(vendor), vendors.includes(vendor), `${name}: vendor ${vendor}`);
    // The library discloses all that are listed.
    assert.equal(back.vendorsDisclosed.has(vendor), segments.includes(Segment.VENDORS_DISCLOSED) && vendor <= listed);
  }
  return {
    name,
    cookie: `euconsent-v2=${string}`,
    settings: {},
    expected: (choice.policyVersion ?? 5) < 4
      ? { state: "malformed", granted: [], refused: [], decided_at: null }
      : verdict(purposes),
    decoded: {
      policy_version: choice.policyVersion ?? 5,
      created: WRITTEN.getTime() / 1000,
      last_updated: WRITTEN.getTime() / 1000,
      cmp_id: 300,
      is_service_specific: choice.isServiceSpecific ?? true,
      purpose_one_treatment: choice.purposeOneTreatment ?? false,
      publisher_country: choice.country ?? "DE",
      purposes,
      legitimate_interest: interest.filter((purpose) => back.purposeLegitimateInterests.has(purpose)),
      vendors,
      disclosed: segments.includes(Segment.VENDORS_DISCLOSED) ? range(1, listed) : null,
      publisher: segments.includes(Segment.PUBLISHER_TC) ? publisher : null,
    },
  };
}

function table(file, banner, tool, version, cases) {
  const source = `npm ${tool}, tests/banners/record/iab.mjs`;
  const cookies = [{ name: banner === "tcf" ? "euconsent-v2" : "__gpp", prefix: false }];
  const text = JSON.stringify({ banner, tool, version, status: "run", source, cookies, cases }, null, 1)
    // Lists of numbers on one line.
    .replace(/\[\s+([-\d,\s]+?)\s+\]/g, (_, numbers) => `[${numbers.replace(/\s+/g, "")}]`);
  writeFileSync(new URL(`../values/${file}.json`, import.meta.url), `${text}\n`);
}

const odd = range(1, 59, 2);
table("iab-tcf", "tcf", "@iabtcf/core", "1.5.6", [
  tcf("everything refused", {}),
  tcf("everything accepted", { purposes: PURPOSES, vendors: range(1, 900), publisher: PURPOSES }),
  tcf("vendors as a bit field", { purposes: [1, 8, 9], vendors: odd, listed: 60 }),
  tcf("vendors as ranges", { purposes: [1, 2, 3, 4, 7], vendors: [...range(3, 200), 210, ...range(400, 899)] }),
  tcf("storage alone", { purposes: [1], vendors: [755] }),
  tcf("all but storage", { purposes: range(2, 11), vendors: [755] }),
  tcf("legitimate interest alone", { interest: range(2, 11), vendorInterest: range(1, 900) }),
  tcf("purpose 1 not asked", { purposes: range(2, 11), purposeOneTreatment: true, country: "AT" }),
  tcf("for all sites", { purposes: PURPOSES, isServiceSpecific: false }, [Segment.CORE]),
  tcf("core alone", { purposes: [1, 5, 6, 11] }, [Segment.CORE]),
  tcf("publisher before disclosed", { purposes: [1, 8, 9], publisher: [1, 24] },
    [Segment.CORE, Segment.PUBLISHER_TC, Segment.VENDORS_DISCLOSED]),
  tcf("custom purposes of the publisher", { publisher: [1, 8], custom: [1, 2, 3, 4, 5] }),
  tcf("allowed vendors too", { purposes: [1] },
    [Segment.CORE, Segment.VENDORS_ALLOWED, Segment.VENDORS_DISCLOSED, Segment.PUBLISHER_TC]),
  tcf("restrictions of the publisher", { purposes: PURPOSES, vendors: [1, 2, 3], restricted: [3, 4] }),
  tcf("policy version 4", { purposes: PURPOSES, policyVersion: 4 }),
  tcf("policy version 3", { purposes: PURPOSES, policyVersion: 3 }),
]);

const US = ["usca", "usva", "usco", "usut", "usct", "usfl", "usmt", "usor", "ustx", "usde", "usia", "usne", "usnh", "usnj", "ustn", "usmn"];
const UNREAD = ["usmd", "usin", "usky", "usri"];

function gpp(name, sections, decoded) {
  const model = new GppModel();
  for (const [section, fields] of Object.entries(sections)) {
    for (const [field, value] of Object.entries(fields)) {
      model.setFieldValue(section, field, value);
    }
    if (section.startsWith("tcf")) {
      // The library sets the present with every other field.
      model.setFieldValue(section, "Created", WRITTEN);
      model.setFieldValue(section, "LastUpdated", WRITTEN);
    }
  }
  const string = model.encode();
  const back = new GppModel(string);
  for (const [section, fields] of Object.entries(sections)) {
    for (const [field, value] of Object.entries(fields)) {
      assert.deepEqual(back.getFieldValue(section, field), value, `${name}: ${section}.${field}`);
    }
  }
  const { opts_out = null, gpc = null, unread = false, tcf_eu = null, tcf_canada = null } = decoded;
  // What cannot be read may be an objection.
  const objects = opts_out === true || unread;
  let expected = objects
    ? { state: "decided", granted: [], refused: ["marketing"], decided_at: null }
    : { state: "none", granted: [], refused: [], decided_at: null };
  if (tcf_eu) {
    expected = verdict(tcf_eu);
    if (objects && expected.granted.includes("marketing")) {
      expected.granted = expected.granted.filter((category) => category !== "marketing");
      expected.refused.push("marketing");
    }
  }
  return { name, cookie: `__gpp=${string}`, settings: {}, expected, decoded: { opts_out, gpc, unread, tcf_eu, tcf_canada } };
}

const flags = (purposes) => range(1, 24).map((purpose) => purposes.includes(purpose));
const eu = (purposes) => ({
  CmpId: 300, CmpVersion: 7, ConsentScreen: 1, ConsentLanguage: "DE", VendorListVersion: 173, PolicyVersion: 5,
  IsServiceSpecific: true, PublisherCountryCode: "DE", PurposeConsents: flags(purposes), VendorConsents: [1, 2, 3, 755],
});
const OUT = { SaleOptOut: 1 };
const IN = { SaleOptOut: 2 };

table("iab-gpp", "gpp", "@iabgpp/cmpapi", "3.2.0", [
  gpp("no section", {}, {}),
  gpp("the EU", { tcfeuv2: eu([1, 8, 9]) }, { tcf_eu: [1, 8, 9] }),
  gpp("Canada", { tcfcav1: { CmpId: 300, PurposesExpressConsent: flags([2, 8, 24]), PurposesImpliedConsent: flags([3, 4]) } },
    { tcf_canada: [2, 8, 24] }),
  gpp("US Privacy, out", { uspv1: { Notice: "Y", OptOutSale: "Y", LspaCovered: "N" } }, { opts_out: true }),
  gpp("US Privacy, not out", { uspv1: { Notice: "Y", OptOutSale: "N", LspaCovered: "N" } }, { opts_out: false }),
  gpp("US Privacy, not applicable", { uspv1: { Notice: "-", OptOutSale: "-", LspaCovered: "-" } }, {}),
  gpp("everything at once", {
    tcfeuv2: eu(PURPOSES), tcfcav1: { CmpId: 300, PurposesExpressConsent: flags([2]) },
    uspv1: { Notice: "Y", OptOutSale: "N", LspaCovered: "N" }, usnat: { SharingOptOut: 1 }, usca: { ...IN, SharingOptOut: 2 },
    ustn: IN, usmn: IN,
  }, { tcf_eu: PURPOSES, tcf_canada: [2], opts_out: true, gpc: false }),
  ...[1, 2].flatMap((Version) => [
    ...["SaleOptOut", "SharingOptOut", "TargetedAdvertisingOptOut"].map((field) =>
      gpp(`usnat version ${Version}, ${field}`, { usnat: { Version, [field]: 1 } }, { opts_out: true, gpc: false })),
    gpp(`usnat version ${Version}, notices alone`, {
      usnat: {
        Version, SharingNotice: 1, SaleOptOutNotice: 1, SharingOptOutNotice: 1, TargetedAdvertisingOptOutNotice: 1,
        SensitiveDataProcessingOptOutNotice: 1, SensitiveDataLimitUseNotice: 1, PersonalDataConsents: 1,
      },
    }, { gpc: false }),
    gpp(`usnat version ${Version}, not out`, {
      usnat: { Version, SaleOptOut: 2, SharingOptOut: 2, TargetedAdvertisingOptOut: 2 },
    }, { opts_out: false, gpc: false }),
  ]),
  gpp("usnat, GPC on", { usnat: { Gpc: true } }, { opts_out: true, gpc: true }),
  gpp("usnat, not out, GPC on", { usnat: { ...IN, Gpc: true } }, { opts_out: true, gpc: true }),
  gpp("usnat without its GPC subsection", { usnat: { ...IN, GpcSegmentIncluded: false } }, { opts_out: false }),
  ...US.flatMap((state) => {
    const second = state === "usca" ? "SharingOptOut" : "TargetedAdvertisingOptOut";
    // Virginia, Utah and Florida have no such subsection.
    const gpc = ["usva", "usut", "usfl"].includes(state) ? null : false;
    return [
      gpp(`${state}, sale`, { [state]: OUT }, { opts_out: true, gpc }),
      gpp(`${state}, ${second}`, { [state]: { SaleOptOut: 2, [second]: 1 } }, { opts_out: true, gpc }),
      gpp(`${state}, not out`, { [state]: { SaleOptOutNotice: 1, SaleOptOut: 2, [second]: 2 } }, { opts_out: false, gpc }),
      gpp(`${state}, notice alone`, { [state]: { SaleOptOutNotice: 1 } }, { gpc }),
      ...(gpc === false ? [gpp(`${state}, GPC on`, { [state]: { Gpc: true } }, { opts_out: true, gpc: true })] : []),
    ];
  }),
  ...UNREAD.map((state) => gpp(`${state}, that nobody can tell`, { [state]: OUT }, { unread: true })),
  gpp("an unread section beside one that is not out", { usca: { ...IN, SharingOptOut: 2 }, usmd: OUT }, { unread: true, gpc: false }),
  gpp("an unread section beside one that is out", { usca: OUT, usmd: IN }, { opts_out: true, unread: true, gpc: false }),
]);
