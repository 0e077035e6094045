import { LONG, byHand, decided, malformed, none, seen } from '../cases.mjs';

// Four characters: version, notice, opt-out of sale, limited service provider agreement. Each of the values that the
// specification allows; a tool is not needed to write them.
export default async function () {
    const out = decided([], ['marketing']);
    const on = (text, expected, name) => seen(name ?? text, `usprivacy=${text}`, {}, expected);
    return {
        banner: 'us-privacy', tool: 'IAB US Privacy string', version: '1', status: 'source',
        source: 'InteractiveAdvertisingBureau/USPrivacy#CCPA/US Privacy String.md; the JSON form: iubenda, observed',
        cookies: [{ name: 'usprivacy', prefix: false, attributes: 'Path=/; 365 days or more; the domain is the CMP\'s choice' }],
        cases: [
            seen('no cookie', '', {}, none()),
            on('1YYN', out, 'notice given, opted out'),
            on('1YYY', out, 'notice given, opted out, service provider agreement'),
            on('1NYN', out, 'opted out without notice'),
            on('1-Y-', out, 'opted out, the rest not applicable'),
            on('1YNN', none(), 'notice given, not opted out: no consent either'),
            on('1NNN', none(), 'no notice, not opted out'),
            on('1YN-', none(), 'not opted out, agreement not applicable'),
            on('1---', none(), 'not applicable'),
            on('1yyn', out, 'small letters'),
            seen('iubenda\'s JSON, opted out', 'usprivacy=%7B%22uspString%22%3A%221YYN%22%2C%22firstAcknowledgeDate%22%3A%222025-03-11T09%3A21%3A40.112Z%22%2C%22optOutDate%22%3A%222025-03-11T09%3A21%3A44.671Z%22%7D', {}, out),
            seen('iubenda\'s JSON, not opted out', 'usprivacy=%7B%22uspString%22%3A%221YNN%22%2C%22firstAcknowledgeDate%22%3A%222025-03-11T09%3A21%3A40.112Z%22%2C%22optOutDate%22%3Anull%7D', {}, none()),
            seen('another name for the cookie', 'us_privacy=1YYN', { cookie: 'us_privacy' }, out),
            byHand('version 2 does not exist', 'usprivacy=2YYN', {}, malformed()),
            byHand('too short', 'usprivacy=1YY', {}, malformed()),
            byHand('another letter', 'usprivacy=1YXN', {}, malformed()),
            byHand('five characters', 'usprivacy=1YYNN', {}, malformed()),
            byHand('a GPP string', 'usprivacy=DBABLA~CAAQAAAAAABA.QA', {}, malformed()),
            byHand('empty', 'usprivacy=', {}, malformed()),
            byHand('too long', `usprivacy=1YYN${'N'.repeat(LONG)}`, {}, malformed()),
        ],
    };
}
