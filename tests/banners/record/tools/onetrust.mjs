import { LONG, byHand, decided, malformed, none, seen } from '../cases.mjs';

// The tool is a hosted service: these are values as they stand in recordings of requests in public code, with other ids,
// times and pages.
const ID = 'b3d0f6a1-5c2e-4f7b-9a41-7e0c8d2f1b95';
const CLOSED = 'OptanonAlertBoxClosed=2026-10-01T03:46:34.701Z';
const AT = '2026-10-01T03:46:34Z';
const DATE = 'Thu+Oct+01+2026+09%3A16%3A34+GMT%2B0530+(India+Standard+Time)';
const groups = list => Object.entries(list).map(([group, on]) => `${group}%3A${on}`).join('%2C');

/** The newest shape (202509); the tool escapes each value as a form does. */
function newest(list, { count = 1, more = '', date = DATE } = {}) {
    return `OptanonConsent=isGpcEnabled=0&datestamp=${date}&version=202509.1.0&browserGpcFlag=0&isIABGlobal=false&identifierType=&hosts=&consentId=${ID}`
        + `&interactionCount=${count}&isAnonUser=1&landingPath=NotLandingPage&groups=${groups(list)}${more}`;
}

export default async function () {
    const all = { C0002: 1, C0004: 1, C0003: 1, C0001: 1 };
    const no = { C0001: 1, C0002: 0, C0003: 0, C0004: 0 };
    const three = ['functional', 'analytics', 'marketing'];
    const with_ = (consent, closed = CLOSED) => `${closed}; ${consent}`;
    return {
        banner: 'onetrust', tool: 'OneTrust', version: '6.34.0 to 202509.1.0', status: 'observed',
        source: 'my.onetrust.com, article UUID-2dc719a8-4be5-8d16-1dc8-c7b4147b88e0 (names, attributes); Cookie headers in public code (code search for OptanonConsent=isGpcEnabled=), ids and times made up',
        cookies: [
            { name: 'OptanonConsent', prefix: false, attributes: 'Domain=<root>; Path=/ (or the scanned path); SameSite=Lax; 365 days; never HttpOnly' },
            { name: 'OptanonAlertBoxClosed', prefix: false, attributes: 'Domain=<root>; Path=/ (or the scanned path); SameSite=Lax; 365 days; never HttpOnly' },
            { name: 'OTGPPConsent', prefix: false, attributes: 'as OptanonConsent; where GPP is on' },
            { name: 'eupubconsent-v2', prefix: false, attributes: 'as OptanonConsent; where TCF is on' },
            { name: 'OTAdditionalConsentString', prefix: false, attributes: 'as OptanonConsent; where TCF with Google\'s vendors is on' },
        ],
        cases: [
            seen('no cookie', '', {}, none()),
            seen('page loaded, opt-in region, nothing clicked', newest(no, { count: 0, more: '&AwaitingReconsent=false' }), {}, none()),
            seen('page loaded, opt-out region, nothing clicked: all groups are on', newest(all, { count: 0 }), {}, none()),
            seen('landing page, nothing clicked',
                `OptanonConsent=isGpcEnabled=0&datestamp=Tue+Mar+28+2023+15%3A07%3A05+GMT%2B0800+(China+Standard+Time)&version=202209.2.0&isIABGlobal=false&hosts=&consentId=${ID}&interactionCount=0&landingPath=https%3A%2F%2Fwww.shop.test%2Fa%3Fgroups%3DC0004%253A1&groups=C0001%3A1%2CC0003%3A0%2CC0004%3A0%2CC0002%3A0`, {}, none()),
            seen('everything accepted', with_(newest(all, { more: '&iType=1&intType=1' })), {}, decided(three, [], AT)),
            seen('everything accepted, the other order of the cookies', `${newest(all, { more: '&iType=1&intType=1' })}; ${CLOSED}`, {}, decided(three, [], AT)),
            seen('everything refused', with_(newest(no, { more: '&geolocation=GB%3BENG&AwaitingReconsent=false' })), {}, decided([], three, AT)),
            seen('mixed', with_(newest({ C0001: 1, C0002: 1, C0003: 0, C0004: 0 })), {}, decided(['analytics'], ['functional', 'marketing'], AT)),
            seen('changed later: the counter is higher', with_(newest({ C0001: 1, C0002: 0, C0003: 1, C0004: 1 }, { count: 3 })), {},
                decided(['functional', 'marketing'], ['analytics'], AT)),
            seen('social media refused, advertising accepted: both are marketing', with_(newest({ C0001: 1, C0002: 1, C0003: 1, C0004: 1, C0005: 0 })), {},
                decided(['functional', 'analytics'], ['marketing'], AT)),
            seen('all five groups accepted', with_(newest({ C0001: 1, C0002: 1, C0003: 1, C0004: 1, C0005: 1 })), {}, decided(three, [], AT)),
            seen('the site has no functional group', with_(newest({ C0001: 1, C0002: 1, C0004: 0 })), {}, decided(['analytics'], ['marketing'], AT)),
            seen('version 6, without a counter',
                with_('OptanonConsent=isGpcEnabled=0&datestamp=Tue+Sep+06+2022+18%3A09%3A11+GMT-0400+(hora+de+Venezuela)&version=6.34.0&isIABGlobal=false&hosts=&landingPath=NotLandingPage&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A1&geolocation=VE%3BN&AwaitingReconsent=false'),
                {}, decided(three, [], AT)),
            seen('version 6, without a counter, the banner still open',
                'OptanonConsent=isGpcEnabled=0&datestamp=Tue+Sep+06+2022+18%3A09%3A11+GMT-0400+(hora+de+Venezuela)&version=6.34.0&isIABGlobal=false&hosts=&landingPath=NotLandingPage&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A1&geolocation=VE%3BN&AwaitingReconsent=false', {}, none()),
            seen('the tool awaits a new consent', with_(newest(all, { count: 2, more: '&geolocation=US%3BIN&AwaitingReconsent=true' })), {}, none()),
            seen('a TCF site: stacks and sites\' own groups beside ours', with_(newest({ C0001: 1, C0002: 0, C0003: 0, C0004: 0, C0005: 0, V2STACK42: 0, C0015: 0 }, { more: '&genVendors=V2%3A0%2CV1%3A0%2C&geolocation=FR%3BIDF&AwaitingReconsent=false' })),
                {}, decided([], three, AT)),
            seen('a TCF site, stacks mapped', with_(newest({ C0004: 0, C0001: 1, C0003: 0, V2STACK42: 1 })),
                { categories: { functional: ['C0003'], analytics: ['V2STACK42'], marketing: ['C0004', 'V2STACK42'] } }, decided(['analytics'], ['functional', 'marketing'], AT)),
            seen('numbers as groups', with_(`OptanonConsent=isIABGlobal=false&datestamp=Wed+May+19+2021+12%3A13%3A07+GMT%2B0000+(Greenwich+Mean+Time)&version=6.17.0&hosts=&consentId=${ID}&interactionCount=1&landingPath=NotLandingPage&groups=1%3A1%2C2%3A1%2C3%3A0%2C4%3A1`),
                { categories: { functional: ['3'], analytics: ['2'], marketing: ['4'] } }, decided(['analytics', 'marketing'], ['functional'], AT)),
            seen('own groups, not mapped: nothing is guessed', with_(newest({ 1: 1, 2: 1, s00: 1, BG36: 1 })), {}, none()),
            seen('a group for a service', with_(newest({ C0001: 1, C0002: 1, C0003: 0, C0004: 0, C0006: 1 })), { services: { youtube: ['C0006'], matomo: ['C0002'] } },
                decided(['analytics', '@youtube', '@matomo'], ['functional', 'marketing'], AT)),
            seen('a date with letters beyond ASCII, escaped', with_(newest(all, { date: 'Sun+Oct+05+2025+19%3A50%3A18+GMT%2B0200+(%D0%A6%D0%B5%D0%BD%D1%82%D1%80%D0%B0%D0%BB%D1%8C%D0%BD%D0%B0%D1%8F)' })), {}, decided(three, [], AT)),
            seen('GPC was on in the browser that clicked: the group is off', with_(`OptanonConsent=isGpcEnabled=1&datestamp=${DATE}&version=6.26.0&isIABGlobal=false&hosts=&consentId=${ID}&interactionCount=1&landingPath=NotLandingPage&groups=C0001%3A1%2CC0003%3A1%2CC0002%3A1%2CC0004%3A0%2CC0007%3A1&AwaitingReconsent=false`),
                {}, decided(['functional', 'analytics'], ['marketing'], AT)),
            byHand('closed, but the counter says that nobody clicked', with_(newest(all, { count: 0 })), {}, none()),
            byHand('counted, but never closed: the tool asks again', newest(all, { count: 2 }), {}, none()),
            byHand('values that a proxy has unescaped', with_(`OptanonConsent=isGpcEnabled=0&datestamp=Wed Apr 12 2023 03:56:13 GMT+0800 (China Standard Time)&version=6.38.0&isIABGlobal=false&hosts=&consentId=${ID}&interactionCount=1&landingPath=NotLandingPage&groups=C0001:1,C0002:1,C0003:1,C0004:0`),
                {}, decided(['functional', 'analytics'], ['marketing'], AT)),
            byHand('only the mark that it was closed', CLOSED, {}, none()),
            byHand('two marks, of host and parent domain: the earlier counts', `OptanonAlertBoxClosed=2026-10-05T03:46:34.701Z; ${with_(newest(all))}; OptanonAlertBoxClosed=2026-10-09T03:46:34.701Z`, {}, decided(three, [], AT)),
            byHand('a group twice, on and off', with_(newest(all).replace('&iType', '').replace('C0002%3A1', 'C0002%3A1%2CC0002%3A0')), {}, decided(['functional', 'marketing'], ['analytics'], AT)),
            byHand('the mark is no time', with_(newest(all), 'OptanonAlertBoxClosed=yes'), {}, malformed()),
            byHand('a group with an answer that is none', with_(newest({ C0001: 1, C0002: 'x', C0003: 1, C0004: 0 })), {}, malformed()),
            byHand('groups twice, with different answers', with_(`${newest(all)}&groups=${groups(no)}`), {}, malformed()),
            byHand('no groups', with_('OptanonConsent=isGpcEnabled=0&version=202509.1.0&interactionCount=1'), {}, malformed()),
            byHand('another tool\'s JSON', with_('OptanonConsent=%7B%22C0002%22%3Atrue%7D'), {}, malformed()),
            byHand('too long', with_(`${newest(all)}&hosts=${'H1%3A1%2C'.repeat(LONG / 9)}`), {}, malformed()),
        ],
    };
}
