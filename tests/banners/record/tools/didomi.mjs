import { LONG, byHand, decided, malformed, none, seen } from '../cases.mjs';

// The tool is a hosted service: values as they stand in recordings of requests in public code, with other ids and times.
const ID = '19c8ecd6-4c25-6543-8d2c-f7247ccae845';
const CREATED = '2026-02-24T08:39:11.298Z';
const UPDATED = '2026-02-24T08:39:16.725Z';
const AT = '2026-02-24T08:39:16Z';

const token = (fields, { created = CREATED, updated = UPDATED, version = 2 } = {}) =>
    `didomi_token=${Buffer.from(JSON.stringify({ user_id: ID, created, updated, ...fields, version })).toString('base64')}`;

export default async function () {
    const map = { categories: { functional: ['preferenc-Vcy6DJWX'], analytics: ['analytics-HpBJrrK7'], marketing: ['marketing-V4U6naXQ', 'audiencem-inzPHGWn'] },
        services: { matomo: ['analytics-HpBJrrK7', 'c:matomo-TXnJigR4'], youtube: ['c:youtube-DWtjCUKb'] } };
    const PURPOSES = ['preferenc-Vcy6DJWX', 'analytics-HpBJrrK7', 'marketing-V4U6naXQ', 'audiencem-inzPHGWn', 'geolocation_data'];
    const VENDORS = ['google', 'c:matomo-TXnJigR4', 'c:youtube-DWtjCUKb', 'c:hotjar'];
    const three = ['functional', 'analytics', 'marketing'];
    const five = [...three, '@matomo', '@youtube'];
    const all = { vendors: { enabled: VENDORS }, purposes: { enabled: PURPOSES }, vendors_li: { enabled: ['google'] } };
    const no = { vendors: { disabled: VENDORS }, purposes: { disabled: PURPOSES }, vendors_li: { disabled: ['google'] } };
    const tcf = 'CQG_4wAQH36sAAHABBENBOFsAAAAAAAAAAAAAAAAAAAA.YAAAAAAAAAAA';
    return {
        banner: 'didomi', tool: 'Didomi', version: 'token version 2', status: 'observed',
        source: 'Cookie headers in public code (code search for didomi_token=eyJ1c2VyX2lk), ids and times made up',
        cookies: [
            { name: 'didomi_token', prefix: false, attributes: 'Domain=.<root>; Path=/; SameSite=Lax; Secure on https; 12 months (consent.duration)' },
            { name: 'euconsent-v2', prefix: false, attributes: 'as didomi_token; where TCF is on' },
            { name: 'didomi_dcs', prefix: false, attributes: 'as didomi_token; newer sites, a binary form that is not read' },
        ],
        cases: [
            seen('no cookie', '', map, none()),
            seen('page loaded, nothing clicked: an empty token', token({}, { updated: CREATED, version: null }), map, none()),
            seen('everything accepted', token(all), map, decided(five, [], AT)),
            seen('everything accepted with the first click: created and updated are one', token(all, { updated: CREATED }), map, decided(five, [], '2026-02-24T08:39:11Z')),
            seen('everything refused', token(no), map, decided([], five, AT)),
            seen('beside a TCF string and Google\'s', `${token({ ...all, ac: 'AkuAEAFkBJYA.AkuAEAFkBJYA' })}; euconsent-v2=${tcf}`, map, decided(five, [], AT)),
            seen('mixed: one of two purposes of marketing', token({ vendors: { enabled: ['c:matomo-TXnJigR4'], disabled: ['c:youtube-DWtjCUKb'] },
                purposes: { enabled: ['analytics-HpBJrrK7', 'marketing-V4U6naXQ'], disabled: ['preferenc-Vcy6DJWX', 'audiencem-inzPHGWn'] } }), map,
                decided(['analytics', '@matomo'], ['functional', 'marketing', '@youtube'], AT)),
            seen('only vendors', token({ vendors: { enabled: ['google', 'c:youtube-DWtjCUKb'] }, vendors_li: { enabled: ['google'] } }), map, decided(['@youtube'], [], AT)),
            seen('a purpose that was not asked', token({ purposes: { enabled: ['analytics-HpBJrrK7'], disabled: ['preferenc-Vcy6DJWX'] } }), map, decided(['analytics'], ['functional'], AT)),
            seen('the purpose is on, the vendor off', token({ purposes: { enabled: ['analytics-HpBJrrK7'] }, vendors: { disabled: ['c:matomo-TXnJigR4'] } }), map, decided(['analytics'], ['@matomo'], AT)),
            seen('legitimate interests are no consent', token({ purposes_li: { enabled: PURPOSES }, vendors_li: { enabled: VENDORS } }), map, none()),
            seen('changed', token({ vendors: { enabled: VENDORS }, purposes: { enabled: ['preferenc-Vcy6DJWX', 'geolocation_data'], disabled: ['analytics-HpBJrrK7', 'marketing-V4U6naXQ', 'audiencem-inzPHGWn'] } }, { updated: '2026-03-01T10:00:00.000Z' }),
                map, decided(['functional', '@youtube'], ['analytics', 'marketing', '@matomo'], '2026-03-01T10:00:00Z')),
            seen('the newer, binary form alone', 'didomi_dcs=CQBgAAEAEAFkBJYAAAAA', map, none()),
            byHand('the padding percent-encoded', token(all).replace(/=+$/, padding => '%3D'.repeat(padding.length)), map, decided(five, [], AT)),
            byHand('one purpose on and off', token({ purposes: { enabled: ['analytics-HpBJrrK7'], disabled: ['analytics-HpBJrrK7'] } }), { categories: { analytics: ['analytics-HpBJrrK7'] } }, decided([], ['analytics'], AT)),
            byHand('lists that are none', token({ purposes: { enabled: 'analytics-HpBJrrK7' } }), map, malformed()),
            byHand('a time that is none', token(all, { updated: 'yesterday' }), map, malformed()),
            byHand('no base64', 'didomi_token=allow', map, malformed()),
            byHand('cut short', token(all).slice(0, -40), map, malformed()),
            byHand('another tool\'s JSON', `didomi_token=${Buffer.from('{"analytics":true}').toString('base64')}`, map, malformed()),
            byHand('empty', 'didomi_token=', map, malformed()),
            byHand('too long', token({ ...all, ac: 'A'.repeat(LONG) }), map, malformed()),
        ],
    };
}
