import { LONG, byHand, decided, malformed, none, outdated, seen } from '../cases.mjs';

// The plugin's script comes with WordPress only; the cookies are those of its source and of recordings in public code.
const OTHERS = { policy: '38', services: '', status: 'dismissed' };

function header({ p, s, m, policy = OTHERS.policy, services = OTHERS.services, status = OTHERS.status, more = [] }) {
    const pairs = [['consented_services', services], ['policy_id', policy], ['marketing', m], ['statistics', s], ['preferences', p], ['functional', 'allow'], ['banner-status', status], ...more];
    return pairs.filter(([, value]) => value != null).map(([name, value]) => `cmplz_${name}=${value}`).join('; ');
}

export default async function () {
    const three = ['functional', 'analytics', 'marketing'];
    const yes = { p: 'allow', s: 'allow', m: 'allow' };
    const no = { p: 'deny', s: 'deny', m: 'deny' };
    return {
        banner: 'complianz', tool: 'Complianz (WordPress)', version: '6.4 to 7.x', status: 'source',
        source: 'Really-Simple-Plugins/complianz-gdpr#cookiebanner/js/complianz.js; Cookie headers in public code (code search for cmplz_banner-status=)',
        cookies: [
            { name: 'cmplz_banner-status', prefix: false, attributes: 'SameSite=Lax; Secure on https; 365 days (cookie_expiry); Path=/ (or the site\'s folder); Domain only where the site shares it' },
            { name: 'cmplz_', prefix: true, attributes: 'as cmplz_banner-status' },
        ],
        cases: [
            seen('no cookie', '', {}, none()),
            seen('page loaded, nothing clicked, opt-out region: all are on', header({ ...yes, status: null }), {}, none()),
            seen('page loaded, nothing clicked, opt-in region', header({ ...no, status: 'show' }), {}, none()),
            seen('everything accepted', header(yes), {}, decided(three, [])),
            seen('everything denied', header(no), {}, decided([], three)),
            seen('mixed', header({ p: 'allow', s: 'allow', m: 'deny' }), {}, decided(['functional', 'analytics'], ['marketing'])),
            seen('changed', header({ p: 'deny', s: 'deny', m: 'allow', more: [['id', '91093']] }), {}, decided(['marketing'], ['functional', 'analytics'])),
            seen('another order, consent mode beside', `cmplz_banner-status=dismissed; cmplz_consent_mode=security_storage,functionality_storage; cmplz_policy_id=1; cmplz_functional=allow; cmplz_consented_services=; cmplz_marketing=deny; cmplz_statistics=allow; cmplz_preferences=deny; cmplz_saved_categories=["no_warning"]; cmplz_saved_services={}`, {},
                decided(['analytics'], ['functional', 'marketing'])),
            seen('anonymous statistics are not the statistics that were denied', header({ ...no, more: [['statistics-anonymous', 'allow']] }), {}, decided([], three)),
            seen('dismissed, nothing else: nobody answered', 'cmplz_banner-status=dismissed', {}, none()),
            seen('a category that the site does not have', header({ p: undefined, s: 'allow', m: 'deny' }), {}, decided(['analytics'], ['marketing'])),
            seen('a service, accepted in place', header({ ...no, services: '{"youtube":true}' }), { services: { youtube: ['youtube'], matomo: ['statistics'] } },
                decided(['@youtube'], [...three, '@matomo'])),
            seen('a service, refused', header({ ...yes, services: '{"youtube":false}' }), { services: { youtube: ['youtube'], matomo: ['statistics'] } },
                decided([...three, '@matomo'], ['@youtube'])),
            seen('a category for services', header({ p: 'allow', s: 'deny', m: 'allow' }), { services: { youtube: ['marketing'], matomo: ['statistics'] } },
                decided(['functional', 'marketing', '@youtube'], ['analytics', '@matomo'])),
            seen('the policy that counts', header(yes), { revision: '38' }, decided(three, [])),
            seen('an older policy', header(yes), { revision: '39' }, outdated()),
            seen('no policy id', header({ ...yes, policy: null }), { revision: '39' }, outdated()),
            byHand('closed by a theme: nobody chose', header({ ...yes, status: 'dismiss' }), {}, none()),
            byHand('two policy ids, one of them older', `${header({ ...yes, policy: '39' })}; cmplz_policy_id=38`, { revision: '39' }, outdated()),
            byHand('services that are none', header({ ...yes, services: '{"youtube":1}' }), {}, malformed()),
            byHand('an answer that is none', header({ p: 'allow', s: 'yes', m: 'deny' }), {}, malformed()),
            byHand('a status that is none', header({ ...yes, status: 'true' }), {}, malformed()),
            byHand('one category twice: allowed and denied', `${header(yes)}; cmplz_marketing=deny`, {}, decided(['functional', 'analytics'], ['marketing'])),
            byHand('too long', header({ ...yes, status: `dismissed${'d'.repeat(LONG)}` }), {}, malformed()),
        ],
    };
}
