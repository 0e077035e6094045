import { ALL, LONG, byHand, decided, malformed, moment, none, seen } from '../cases.mjs';
import { installed, version } from '../site.mjs';

// The IAB's own library writes the strings; no browser is driven.
export default async function () {
    const { GppModel } = installed('@iabgpp/cmpapi');
    const make = sections => {
        const model = new GppModel();
        for (const [section, fields] of Object.entries(sections)) {
            for (const [field, value] of Object.entries(fields)) {
                model.setFieldValue(section, field, value);
            }
        }
        return model.encode();
    };
    const from = sections => `__gpp=${make(sections)}`;
    const NAT = { SharingNotice: 1, SaleOptOutNotice: 1, SharingOptOutNotice: 1, TargetedAdvertisingOptOutNotice: 1, SaleOptOut: 2, SharingOptOut: 2, TargetedAdvertisingOptOut: 2, MspaCoveredTransaction: 2, MspaOptOutOptionMode: 0, MspaServiceProviderMode: 0 };
    const CA = { SaleOptOutNotice: 1, SharingOptOutNotice: 1, SaleOptOut: 2, SharingOptOut: 2, MspaCoveredTransaction: 2 };
    const STATE = { SharingNotice: 1, SaleOptOutNotice: 1, TargetedAdvertisingOptOutNotice: 1, SaleOptOut: 2, TargetedAdvertisingOptOut: 2, MspaCoveredTransaction: 2 };
    const purposes = numbers => Array.from({ length: 24 }, (_, at) => numbers.includes(at + 1));
    const day = new Date('2026-11-22T00:00:00Z');
    const TCF = { CmpId: 31, CmpVersion: 7, ConsentScreen: 1, ConsentLanguage: 'EN', VendorListVersion: 142, PolicyVersion: 5, IsServiceSpecific: true,
        PublisherCountryCode: 'DE', Created: day, LastUpdated: day };
    const eu = numbers => ({ ...TCF, PurposeConsents: purposes(numbers) });
    const at = moment(day);
    const noSale = decided([], ['marketing']);
    const every = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    return {
        banner: 'gpp', tool: '@iabgpp/cmpapi', version: version('@iabgpp/cmpapi'), status: 'run', source: 'npm @iabgpp/cmpapi, tests/banners/record/tools/gpp.mjs',
        cookies: [{ name: '__gpp', prefix: false, attributes: 'the CMP\'s own; seen too: OTGPPConsent (OneTrust), gpp-string' }],
        cases: [
            seen('no cookie', '', {}, none()),
            seen('usnat, nothing opted out: no consent either', from({ usnat: { ...NAT, GpcSegmentIncluded: false } }), {}, none()),
            seen('usnat, nothing opted out, with the GPC subsection off', from({ usnat: { ...NAT, Gpc: false } }), {}, none()),
            seen('usnat, sale opted out', from({ usnat: { ...NAT, SaleOptOut: 1 } }), {}, noSale),
            seen('usnat, sharing opted out', from({ usnat: { ...NAT, SharingOptOut: 1 } }), {}, noSale),
            seen('usnat, targeted advertising opted out', from({ usnat: { ...NAT, TargetedAdvertisingOptOut: 1 } }), {}, noSale),
            seen('usnat, GPC on', from({ usnat: { ...NAT, Gpc: true } }), {}, noSale),
            seen('usnat, not applicable', from({ usnat: { SaleOptOut: 0, SharingOptOut: 0, TargetedAdvertisingOptOut: 0, GpcSegmentIncluded: false } }), {}, none()),
            seen('usca, nothing opted out', from({ usca: { ...CA, GpcSegmentIncluded: false } }), {}, none()),
            seen('usca, sale opted out', from({ usca: { ...CA, SaleOptOut: 1 } }), {}, noSale),
            seen('usca, sharing opted out', from({ usca: { ...CA, SharingOptOut: 1 } }), {}, noSale),
            seen('usca, GPC on', from({ usca: { ...CA, Gpc: true } }), {}, noSale),
            seen('usva (Virginia), targeted advertising opted out', from({ usva: { ...STATE, TargetedAdvertisingOptOut: 1 } }), {}, noSale),
            seen('usva (Virginia), nothing opted out', from({ usva: STATE }), {}, none()),
            seen('uspv1: the older string within', from({ uspv1: { Version: 1, Notice: 'Y', OptOutSale: 'Y', LspaCovered: 'N' } }), {}, noSale),
            seen('uspv1, not opted out', from({ uspv1: { Version: 1, Notice: 'Y', OptOutSale: 'N', LspaCovered: 'N' } }), {}, none()),
            seen('two US sections, one opts out', from({ usnat: { ...NAT, GpcSegmentIncluded: false }, usca: { ...CA, SaleOptOut: 1 } }), {}, noSale),
            seen('tcfeuv2, all purposes', from({ tcfeuv2: eu(every) }), {}, decided(ALL, [], at)),
            seen('tcfeuv2, no purpose', from({ tcfeuv2: eu([]) }), {}, decided([], ALL, at)),
            seen('tcfeuv2, statistics', from({ tcfeuv2: eu([1, 8, 9]) }), {}, decided(['analytics'], ['functional', 'marketing'], at)),
            seen('tcfeuv2, purposes for services', from({ tcfeuv2: eu([1, 8, 9]) }), { services: { youtube: ['1', '3', '4'], matomo: ['1', '8'] } },
                decided(['analytics', '@matomo'], ['functional', 'marketing', '@youtube'], at)),
            seen('tcfeuv2 and usnat: the stricter of both', from({ tcfeuv2: eu(every), usnat: { ...NAT, SaleOptOut: 1 } }), {},
                decided(['functional', 'analytics'], ['marketing'], at)),
            seen('tcfeuv2 and usnat, nothing opted out', from({ tcfeuv2: eu(every), usnat: { ...NAT, GpcSegmentIncluded: false } }), {}, decided(ALL, [], at)),
            seen('three sections: the header\'s ids are Fibonacci coded', from({ tcfeuv2: eu(every), uspv1: { Version: 1, Notice: 'Y', OptOutSale: 'N', LspaCovered: 'N' }, usca: { ...CA, SaleOptOut: 1 } }), {},
                decided(['functional', 'analytics'], ['marketing'], at)),
            seen('another name for the cookie', `OTGPPConsent=${make({ usnat: { ...NAT, SaleOptOut: 1 } })}`, { cookie: 'OTGPPConsent' }, noSale),
            byHand('no section', '__gpp=DBAA', {}, none()),
            byHand('fewer sections than the header says', '__gpp=DBACNYA~1YYN', {}, malformed()),
            byHand('a TCF string', '__gpp=CPt3fQAPt3fQACNAFAENDLCgAAAAAAAAACiQAAAOCgDAB-AIsAZ8A6QDBAHBAAAA.YAAAAAAAAAAA', {}, malformed()),
            byHand('US Privacy without a header', '__gpp=1YYN', {}, malformed()),
            byHand('empty', '__gpp=', {}, malformed()),
            byHand('too long', `__gpp=${make({ usnat: NAT })}${'A'.repeat(LONG)}`, {}, malformed()),
        ],
    };
}
