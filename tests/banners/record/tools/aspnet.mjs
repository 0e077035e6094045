import { ALL, LONG, byHand, decided, malformed, none, seen } from '../cases.mjs';

// ASP.NET Core writes one value, and deletes the cookie when consent is withdrawn: there is no refusal to read.
export default async function () {
    const on = (name, value, expected) => byHand(name, `.AspNet.Consent=${value}`, {}, expected);
    return {
        banner: 'aspnet', tool: 'ASP.NET Core CookiePolicy', version: '2.1 to 10', status: 'source',
        source: 'dotnet/aspnetcore#src/Security/CookiePolicy/src/ResponseCookiesWrapper.cs',
        cookies: [{ name: '.AspNet.Consent', prefix: false, attributes: 'expires=<365 days>; path=/ (the application\'s base); secure and samesite as the application\'s CookiePolicyOptions say; not HttpOnly' }],
        cases: [
            seen('no cookie: not asked, refused, or withdrawn', '', {}, none()),
            seen('accepted', '.AspNet.Consent=yes', {}, decided(ALL, [])),
            seen('another name for the cookie', 'site.consent=yes', { cookie: 'site.consent' }, decided(ALL, [])),
            on('the framework itself knows only "yes": no', 'no', malformed()),
            on('another case of the letters', 'Yes', malformed()),
            on('true', 'true', malformed()),
            on('quoted', '"yes"', malformed()),
            on('longer', 'yes1', malformed()),
            on('empty', '', malformed()),
            on('another tool\'s JSON', '%7B%22analytics%22%3Atrue%7D', malformed()),
            on('too long', `yes${'s'.repeat(LONG)}`, malformed()),
        ],
    };
}
