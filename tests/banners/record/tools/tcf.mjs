import { ALL, LONG, byHand, decided, malformed, moment, none, seen } from '../cases.mjs';
import { installed, version } from '../site.mjs';

// The IAB's own library writes the strings; nothing here depends on a browser, so none is driven.
export default async function () {
    const { GVL, TCModel, TCString, Segment, PurposeRestriction, RestrictionType } = installed('@iabtcf/core');
    const purpose = id => ({ id, name: `p${id}`, description: '', illustrations: [] });
    const range = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
    const vendor = id => ({ id, name: `v${id}`, purposes: range(1, 11), legIntPurposes: [2, 7, 8, 9, 10, 11], flexiblePurposes: [2, 7],
        specialPurposes: [], features: [], specialFeatures: [], cookieMaxAgeSeconds: 1, usesCookies: true, cookieRefresh: false,
        usesNonCookieAccess: false, urls: [], dataRetention: { stdRetention: 1, purposes: {}, specialPurposes: {} } });
    const list = ids => ({ gvlSpecificationVersion: 3, vendorListVersion: 142, tcfPolicyVersion: 5, lastUpdated: '2026-11-12T16:00:00Z',
        purposes: Object.fromEntries(range(1, 11).map(id => [id, purpose(id)])), specialPurposes: {}, features: {},
        specialFeatures: { 1: purpose(1), 2: purpose(2) }, dataCategories: {}, stacks: {}, vendors: Object.fromEntries(ids.map(id => [id, vendor(id)])) });
    const FEW = [1, 2, 10, 52, 91, 755];
    const MANY = [...range(1, 40), ...range(60, 400), 755];

    const make = (purposes, { li = [], ids = FEW, vendors = ids, publisher, oneTreatment = false, restrictions = false, change = () => {}, policy } = {}) => {
        const model = new TCModel(new GVL(list(ids)));
        model.cmpId = 31;
        model.cmpVersion = 7;
        model.consentScreen = 1;
        model.consentLanguage = 'EN';
        model.isServiceSpecific = true;
        model.purposeOneTreatment = oneTreatment;
        model.publisherCountryCode = 'DE';
        model.purposeConsents.set(purposes);
        model.purposeLegitimateInterests.set(li);
        model.vendorConsents.set(purposes.length === 0 ? [] : vendors);
        model.vendorLegitimateInterests.set(li.length === 0 ? [] : vendors);
        model.vendorsDisclosed.set(ids);
        if (publisher !== undefined) {
            model.publisherConsents.set(publisher);
            model.numCustomPurposes = 2;
            model.publisherCustomConsents.set([1, 2]);
        }
        if (restrictions) {
            model.publisherRestrictions.add(10, new PurposeRestriction(7, RestrictionType.REQUIRE_CONSENT));
        }
        if (policy !== undefined) {
            model.policyVersion = policy;
        }
        change(model);
        const segments = [Segment.CORE, Segment.VENDORS_DISCLOSED, ...(publisher === undefined ? [] : [Segment.PUBLISHER_TC])];
        return TCString.encode(model, { segments });
    };
    const EVERY = range(1, 11);
    const all = make(EVERY, { li: [2, 7, 8, 9, 10, 11] });
    const at = moment(TCString.decode(all).lastUpdated);
    const cookie = text => `euconsent-v2=${text}`;
    const from = (purposes, options) => cookie(make(purposes, options));
    const bits = edit => {
        // The core's bits, changed where the library refuses to.
        const [core, ...rest] = all.split('.');
        const raw = [...core].map(char => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(char).toString(2).padStart(6, '0')).join('');
        const changed = edit(raw);
        return [changed.match(/.{6}/g).map(six => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[parseInt(six, 2)]).join(''), ...rest].join('.');
    };
    const set = (raw, offset, length, number) => raw.slice(0, offset) + number.toString(2).padStart(length, '0') + raw.slice(offset + length);
    const purposes = numbers => numbers.map(String);
    return {
        banner: 'tcf', tool: '@iabtcf/core', version: version('@iabtcf/core'), status: 'run', source: 'npm @iabtcf/core, tests/banners/record/tools/tcf.mjs',
        cookies: [{ name: 'euconsent-v2', prefix: false, attributes: 'the CMP\'s own; usual: Path=/; SameSite=Lax or None; Secure; 365 to 390 days' }],
        cases: [
            seen('no cookie', '', {}, none()),
            seen('all purposes', cookie(all), {}, decided(ALL, [], at)),
            seen('no purpose', from([]), {}, decided([], ALL, at)),
            seen('legitimate interests are no consent', from([], { li: [2, 3, 4, 7, 8, 9, 10, 11] }), {}, decided([], ALL, at)),
            seen('storage and statistics', from([1, 8, 9]), {}, decided(['analytics'], ['functional', 'marketing'], at)),
            seen('storage and personal content', from([1, 5, 6, 11]), {}, decided(['functional'], ['analytics', 'marketing'], at)),
            seen('advertising only', from([1, 2, 3, 4, 7]), {}, decided(['marketing'], ['functional', 'analytics'], at)),
            seen('everything but storage: nothing may be stored', from(range(2, 11)), {}, decided([], ALL, at)),
            seen('all but one purpose of marketing', from([1, 2, 3, 7, 8, 9]), {}, decided(['analytics'], ['functional', 'marketing'], at)),
            seen('consent to 8, only a legitimate interest for 9', from([1, 8], { li: [9] }), {}, decided([], ALL, at)),
            seen('purposes mapped', from([1, 8, 9, 10]), { categories: { functional: purposes([1, 11]), analytics: purposes([1, 8]), marketing: purposes([1, 2, 3, 4, 7]) } },
                decided(['analytics'], ['functional', 'marketing'], at)),
            seen('purposes for services', from([1, 8, 9]), { services: { youtube: purposes([1, 3, 4]), matomo: purposes([1, 8]) } },
                decided(['analytics', '@matomo'], ['functional', 'marketing', '@youtube'], at)),
            seen('many vendors: written as ranges', from(EVERY, { ids: MANY }), {}, decided(ALL, [], at)),
            seen('a vendor for a service', from(EVERY, { ids: MANY }), { services: { youtube: [...purposes([1, 3, 4]), 'vendor:755'] } }, decided([...ALL, '@youtube'], [], at)),
            seen('a vendor that was refused', from(EVERY, { ids: MANY, vendors: range(1, 40) }), { services: { youtube: [...purposes([1, 3, 4]), 'vendor:755'] } },
                decided(ALL, ['@youtube'], at)),
            seen('a vendor that has only a legitimate interest', from([], { li: [2, 7] }), { services: { youtube: ['vendor:755'] } }, decided([], [...ALL, '@youtube'], at)),
            seen('with the publisher\'s own segment', from([1, 8, 9], { publisher: [1, 8] }), {}, decided(['analytics'], ['functional', 'marketing'], at)),
            seen('the publisher\'s own consents', from([], { publisher: [1, 8] }),
                { categories: { functional: ['publisher:1', 'publisher:11'], analytics: ['publisher:1', 'publisher:8'], marketing: ['publisher:1', 'publisher:3'] } },
                decided(['analytics'], ['functional', 'marketing'], at)),
            seen('with a publisher restriction', from(EVERY, { restrictions: true }), {}, decided(ALL, [], at)),
            seen('purpose 1 was not asked (purpose one treatment): it is not granted', from(range(2, 11), { oneTreatment: true }), {}, decided([], ALL, at)),
            seen('another name for the cookie', `eupubconsent-v2=${all}`, { cookie: 'eupubconsent-v2' }, decided(ALL, [], at)),
            byHand('only the core, as before version 2.3', cookie(all.split('.')[0]), {}, decided(ALL, [], at)),
            byHand('a policy that is no longer valid', cookie(bits(raw => set(raw, 132, 6, 2))), {}, malformed()),
            byHand('version 1 (retired in 2020)', 'euconsent-v2=BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA', {}, malformed()),
            byHand('GPP\'s letter in front', cookie(`D${all.slice(1)}`), {}, malformed()),
            byHand('cut short within the purposes', cookie(all.slice(0, 27)), {}, malformed()),
            byHand('not base64url', cookie(all.replace(/.{4}$/, '+/=!')), {}, malformed()),
            byHand('a GPP string', 'euconsent-v2=DBABLA~CAAQAAAAAABA.QA', {}, malformed()),
            byHand('a JSON of another tool', 'euconsent-v2=%7B%22analytics%22%3Atrue%7D', {}, malformed()),
            byHand('empty', 'euconsent-v2=', {}, malformed()),
            byHand('too long', `euconsent-v2=${all}.${'I'.repeat(LONG)}`, {}, malformed()),
        ],
    };
}
